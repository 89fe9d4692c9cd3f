/** What an SMSC's answers mean: `command_status` by SMPP 3.4, 5.1.3 (https://smpp.org/SMPP_v3_4_Issue1_2.pdf). */
import type { SendOutcome } from '../contract.ts';
import {
  addressInvalid,
  limited,
  misconfigured,
  outcomeOfRule,
  rejected,
  tooLarge,
  unauthorized,
  unavailable,
  type VendorRule,
} from '../network/vendor-errors.ts';

export const NAME = 'The SMSC';

const RULES: Readonly<Record<number, VendorRule>> = {
  1: tooLarge(), // ESME_RINVMSGLEN
  4: unavailable('says that the connection is not bound'), // ESME_RINVBNDSTS
  5: unavailable('says that the account is bound already'), // ESME_RALYBND
  8: unavailable('has an error of its own'), // ESME_RSYSERR
  10: misconfigured('does not take the sender'), // ESME_RINVSRCADR
  11: addressInvalid('knows no such number'), // ESME_RINVDSTADR
  13: unauthorized('does not let the account bind'), // ESME_RBINDFAIL
  14: unauthorized('does not take the password'), // ESME_RINVPASWD
  15: unauthorized('does not take the system id'), // ESME_RINVSYSID
  20: limited('has a full queue'), // ESME_RMSGQFUL
  21: misconfigured('does not take the service type'), // ESME_RINVSERTYP
  67: misconfigured('does not take this way to send long messages'), // ESME_RINVESMCLASS
  69: unavailable('could not take the message'), // ESME_RSUBMITFAIL
  72: misconfigured('does not take the sender’s type of number'), // ESME_RINVSRCTON
  73: misconfigured('does not take the sender’s numbering plan'), // ESME_RINVSRCNPI
  80: misconfigured('does not take the type of number'), // ESME_RINVDSTTON
  81: misconfigured('does not take the numbering plan'), // ESME_RINVDSTNPI
  83: misconfigured('does not take the system type'), // ESME_RINVSYSTYP
  88: limited(), // ESME_RTHROTTLED
  100: unavailable('could not take the message for now'), // ESME_RX_T_APPN
  254: unavailable('could not deliver the message'), // ESME_RDELIVERYFAILURE
  // SMPP 5.0, 4.7.6:
  256: unauthorized('does not allow the service type'), // ESME_RSERTYPUNAUTH
  257: unauthorized('does not allow the operation'), // ESME_RPROHIBITED
  258: unavailable('has no such service for now'), // ESME_RSERTYPUNAVAIL
  259: unauthorized('does not allow the service type'), // ESME_RSERTYPDENIED
};

/** The outcome of a refused request: `status` is not 0. */
export const classifyStatus = (status: number): SendOutcome =>
  outcomeOfRule(NAME, `0x${status.toString(16).padStart(2, '0')}`, RULES[status] ?? rejected());

/** Whether the SMSC wants the same request a little later. */
export const isThrottled = (status: number): boolean => status === 20 || status === 88;
