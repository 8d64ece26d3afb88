import type { Command } from './command.js'
import { doctor } from './doctor.js'
import { migrate } from './migrate.js'

/** Every command, in the order of `sallyport --help`. */
export const COMMANDS: readonly Command[] = [migrate, doctor]
