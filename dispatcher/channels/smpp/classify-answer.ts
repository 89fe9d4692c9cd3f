/**
 * What an SMSC's answers mean: `command_status` by SMPP 3.4, 5.1.3 (https://smpp.org/SMPP_v3_4_Issue1_2.pdf), and what
 * SMPP 5.0 adds in 4.7.6 (https://smpp.org/SMPP_v5.pdf).
 */
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
  2: misconfigured('does not take the length of the request'), // ESME_RINVCMDLEN
  3: misconfigured('does not know the request'), // ESME_RINVCMDID
  4: unavailable('says that the connection is not bound'), // ESME_RINVBNDSTS
  5: unavailable('says that the account is bound already'), // ESME_RALYBND
  6: misconfigured('does not take the priority'), // ESME_RINVPRTFLG
  7: misconfigured('does not take the wish for a receipt'), // ESME_RINVREGDLVFLG
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
  84: misconfigured('does not take the flag that replaces messages'), // ESME_RINVREPFLAG
  88: limited(), // ESME_RTHROTTLED
  97: rejected('does not take the time of delivery'), // ESME_RINVSCHED
  98: rejected('does not take the time at which the message expires'), // ESME_RINVEXPIRY
  99: misconfigured('knows no such message of its own'), // ESME_RINVDFTMSGID
  100: unavailable('could not take the message for now'), // ESME_RX_T_APPN
  101: rejected('refuses the message'), // ESME_RX_P_APPN
  102: rejected('refuses the message'), // ESME_RX_R_APPN
  192: misconfigured('finds the optional parameters wrong'), // ESME_RINVOPTPARSTREAM
  193: misconfigured('does not take an optional parameter'), // ESME_ROPTPARNOTALLWD
  194: misconfigured('finds the length of a parameter wrong'), // ESME_RINVPARLEN
  195: misconfigured('misses an optional parameter'), // ESME_RMISSINGOPTPARAM
  196: misconfigured('finds an optional parameter wrong'), // ESME_RINVOPTPARAMVAL
  254: unavailable('could not deliver the message'), // ESME_RDELIVERYFAILURE
  255: unavailable('has an unknown error'), // ESME_RUNKNOWNERR
  // SMPP 5.0, 4.7.6:
  256: unauthorized('does not allow the service type'), // ESME_RSERTYPUNAUTH
  257: unauthorized('does not allow the operation'), // ESME_RPROHIBITED
  258: unavailable('has no such service for now'), // ESME_RSERTYPUNAVAIL
  259: unauthorized('does not allow the service type'), // ESME_RSERTYPDENIED
  260: misconfigured('does not take the character set'), // ESME_RINVDCS
  261: misconfigured('does not take the sender’s sub-unit'), // ESME_RINVSRCADDRSUBUNIT
  262: misconfigured('does not take the sub-unit of the address'), // ESME_RINVDSTADDRSUBUNIT
};

/** The outcome of a refused request: `status` is not 0. */
export const classifyStatus = (status: number): SendOutcome =>
  outcomeOfRule(NAME, `0x${status.toString(16).padStart(2, '0')}`, RULES[status] ?? rejected());

/** Whether the SMSC wants the same request a little later. */
export const isThrottled = (status: number): boolean => status === 20 || status === 88;
