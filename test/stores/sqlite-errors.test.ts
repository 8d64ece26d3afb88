import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import { StoreUnavailable } from '../../src/core/errors.js'
import { openDatabase, whenFree, type Database } from '../../src/stores/sql/database.js'
import { tempFolder } from '../support/services.js'

/** Longer than SQLite itself waits. */
const LOCKED_MS = 200

describe('A statement that was used before and reads rows', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let db: Database
  let other: InstanceType<typeof DatabaseSync>
  before(async () => {
    folder = await tempFolder()
    const path = join(folder.path, 's.db')
    db = await openDatabase(`sqlite:${path}`)
    other = new DatabaseSync(path)
    await add('first')
  })
  after(async () => {
    other.close()
    await db.destroy()
    await folder.remove()
  })
  const add = (user: string) =>
    db.insertInto('security_users').values({ user_id: user, epoch: 1 }).returning('user_id').execute()

  it('is tried again while another process holds what it needs', async () => {
    other.exec('begin immediate')
    const freed = wait(LOCKED_MS).then(() => other.exec('commit'))
    assert.deepEqual(
      (await whenFree(() => add('second'))).map((row) => row.user_id),
      ['second'],
    )
    await freed
  })

  it('says that a row was there already, which is no failure of the store', async () => {
    await assert.rejects(add('first'), (error) => !(error instanceof StoreUnavailable) && /UNIQUE/.test(String(error)))
  })
})
