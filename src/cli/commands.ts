import type { Command } from './command.js'
import { doctor } from './doctor.js'
import { listKeys, rotateKeys } from './keys.js'
import { migrate } from './migrate.js'
import { resetTwoFactor } from './users.js'

/** Every command, in the order of `sallyport --help`. */
export const COMMANDS: readonly Command[] = [migrate, doctor, listKeys, rotateKeys, resetTwoFactor]
