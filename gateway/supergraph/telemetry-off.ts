/**
 * @apollo/gateway sends usage data to its vendor unless this variable is set when a gateway is constructed; there is
 * no option for it. The one place of the project that writes to the environment.
 */
export function turnGatewayTelemetryOff(): void {
  process.env.APOLLO_TELEMETRY_DISABLED = 'true';
}
