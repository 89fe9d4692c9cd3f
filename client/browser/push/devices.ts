/** Push messages for apps that show pages, on phones: their push service's token is registered for the signed-in user. */
import type { RegisterDeviceMutationVariables } from '../../generated/operations.ts';
import { REGISTER_DEVICE, REMOVE_DEVICE } from '../operations.ts';
import { type HeraldOptions, withHerald } from './with-herald.ts';

/** See `DeviceInput` in the contract. */
export type Device = RegisterDeviceMutationVariables['device'];

/**
 * Call it whenever the app starts and somebody is signed in: the token may be another one, and the device counts as
 * seen. @returns its id. @throws HeraldInboxError BAD_USER_INPUT (`device.token` …), and what Herald says.
 */
export async function registerDevice(options: HeraldOptions, device: Device): Promise<string> {
  const answer = await withHerald(options, (herald) => herald.request(REGISTER_DEVICE, { device }));
  return answer.registerDevice.id;
}

/** When somebody signs out. @returns whether it was theirs. @throws HeraldInboxError what Herald says. */
export async function removeDevice(options: HeraldOptions, id: string): Promise<boolean> {
  return (await withHerald(options, (herald) => herald.request(REMOVE_DEVICE, { id }))).removeDevice;
}
