import { access, constants, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sql } from 'kysely'
import type { Place } from '../database.js'
import type { OpenedDatabase } from './database.js'
import { ok, problem, warning, type Finding } from './finding.js'

export type OpenedSqlite = OpenedDatabase<Extract<Place, { dialect: 'sqlite' }>>

/** Types that statfs(2) gives for file systems of other machines, whose locks do not keep SQLite's promises. */
const NETWORK: Record<number, string> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB 2',
  0x01021997: '9p',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x47504653: 'GPFS',
  0x0bd00bd0: 'Lustre',
}

/** What lies in memory is gone at the next start, and no other process sees it. */
export function sqliteIsOnDisk({ place, nodeEnv }: OpenedSqlite): Finding | null {
  if (place.file) return null
  const seen = 'the record of all sessions is in memory: a restart signs everybody out and forgets every password'
  const change = "write database: 'sqlite:./data/security.db', or 'postgres://...'"
  return nodeEnv === 'production' ? problem('sqlite_memory', seen, change) : warning('sqlite_memory', seen, change)
}

/** SQLite writes its journal beside the file, so the folder has to be writable too. */
export async function sqliteIsWritable({ place }: OpenedSqlite): Promise<Finding | null> {
  if (!place.file) return null
  for (const path of [dirname(place.file), place.file])
    if (!(await isWritable(path)))
      return problem(
        'sqlite_writable',
        `${path} is not writable for this user (uid ${process.getuid?.() ?? 'unknown'})`,
        `run doctor as the user of the app; if it is that one: chown it to that user, and chmod u+w ${path}`,
      )
  return ok('sqlite_writable', 'file and folder are writable')
}

/** With WAL, readers do not wait for writers. The app turns it on when it opens the file. */
export async function sqliteHasWal({ db, place }: OpenedSqlite): Promise<Finding | null> {
  if (!place.file) return null
  const { rows } = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db)
  const mode = rows[0]?.journal_mode ?? 'unknown'
  if (mode === 'wal') return ok('sqlite_journal', 'the journal is WAL')
  return warning(
    'sqlite_journal',
    `the journal is "${mode}": readers wait for writers, and requests with them`,
    'start the app once, which turns WAL on; if it stays so, move the file to a local disk',
  )
}

/** `typeOf` gives the type of the file system of a path. */
export async function sqliteIsLocal({ place }: OpenedSqlite, typeOf = fileSystemType): Promise<Finding | null> {
  if (!place.file) return null
  const name = NETWORK[await typeOf(dirname(place.file))]
  if (!name) return null
  return problem(
    'sqlite_network_file_system',
    `${dirname(place.file)} is on a network file system (${name}), where SQLite loses data when two processes write`,
    'move the file to a local disk, or use PostgreSQL',
  )
}

const fileSystemType = async (path: string): Promise<number> => (await statfs(path)).type

const isWritable = (path: string): Promise<boolean> =>
  access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
