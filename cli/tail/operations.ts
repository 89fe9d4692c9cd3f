/** The live feed of deliveries. */
export const DELIVERIES = /* GraphQL */ `
  subscription Deliveries($app: ID, $channels: [Channel!], $states: [DeliveryState!]) {
    deliveryUpdated(app: $app, channels: $channels, states: $states) {
      id
      channel
      state
      skipReason
      provider
      address
      user {
        id
      }
      attempts {
        at
        ok
        errorCode
        errorMessage
        latencyMs
      }
      notification {
        id
        event
        template {
          id
        }
        app {
          id
          name
        }
      }
    }
  }
`;
