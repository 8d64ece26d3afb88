import { FormError } from '../../core/errors.js'

/** Why an answer was refused, for the audit log; whoever sent it learns only that it was. */
export type PasskeyReason = 'invalid_passkey' | 'cloned_passkey'

export class PasskeyRefusal extends FormError {
  constructor(readonly reason: PasskeyReason = 'invalid_passkey') {
    super('invalid_passkey', { passkey: ['invalid_passkey'] })
  }
}
