import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
/** Places in /proc/<pid>/stat after the name, which may hold blanks and brackets itself (proc(5): fields 14 and 15). */
const USER_TIME = 11
const SYSTEM_TIME = 12

/** Microseconds of processor time that a process has used, all threads, as the operating system counts them: in steps of a tick, mostly 10 ms. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * 1e6) / TICKS_PER_SECOND
}
