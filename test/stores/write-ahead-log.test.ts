import assert from 'node:assert/strict'
import { open, symlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase, type Database, type Tx } from '../../src/stores/sql/database.js'
import { ada, grace, PASSWORDS, startHost, type Host } from '../support/host.js'
import { tempFolder } from '../support/services.js'

type Datasync = FileHandle['datasync']

/** A disk that is as slow as the test wants it to be. */
class Disk {
  asked!: () => void
  readonly reached = new Promise<void>((resolve) => (this.asked = resolve))
  open!: () => void
  readonly #opened = new Promise<void>((resolve) => (this.open = resolve))

  async write(): Promise<void> {
    this.asked()
    await this.#opened
  }
}

describe('A commit that is answered is on the disk', () => {
  let files: { datasync: Datasync }
  let datasync: Datasync
  let waits: number
  before(async () => {
    const file = await open(import.meta.filename)
    files = Object.getPrototypeOf(file) as typeof files
    datasync = files.datasync
    await file.close()
  })
  beforeEach(() => {
    waits = 0
  })
  afterEach(() => {
    files.datasync = datasync
  })

  function slowDisk(): Disk {
    const disk = new Disk()
    files.datasync = async function (this: FileHandle) {
      waits += 1
      await disk.write()
      return datasync.call(this)
    }
    return disk
  }

  function brokenDisk(): void {
    files.datasync = async () => {
      waits += 1
      throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    }
  }

  describe('to whom a host answers', () => {
    let host: Host
    beforeEach(async () => {
      host = await startHost({ people: [ada, grace] })
    })
    afterEach(async () => host.close())

    it('a sign-in is answered when the disk has it; whoever reads meanwhile is not held up', async () => {
      const reader = host.browser()
      await reader.signIn(grace, PASSWORDS.u2!)
      const disk = slowDisk()
      let answered = false
      const signingIn = host.browser().signIn(ada, PASSWORDS.u1!)
      void signingIn.then(() => (answered = true))
      await disk.reached
      for (let i = 0; i < 20; i += 1) assert.ok(await reader.isSignedIn())
      assert.equal(answered, false)

      disk.open()
      assert.equal((await signingIn).status, 303)
    })

    it('a disk that has failed once is not believed again: changes get 503, the rest goes on', async () => {
      const browser = host.browser()
      await browser.signIn(grace, PASSWORDS.u2!)
      brokenDisk()
      for (let i = 0; i < 2; i += 1) assert.equal((await host.browser().signIn(ada, PASSWORDS.u1!)).status, 503)
      assert.equal(waits, 1)
      assert.ok(await browser.isSignedIn())
    })
  })

  describe('of which there are many', () => {
    let folder: Awaited<ReturnType<typeof tempFolder>>
    let db: Database
    beforeEach(async () => {
      folder = await tempFolder()
      db = await openDatabase(`sqlite:${join(folder.path, 's.db')}`)
    })
    afterEach(async () => {
      await db.destroy()
      await folder.remove()
    })
    const write = (on: Database | Tx, user: string) =>
      on.insertInto('security_users').values({ user_id: user, epoch: 1 }).execute()
    const read = (on: Database | Tx) => on.selectFrom('security_users').selectAll().execute()

    it('whoever commits while the disk is waited for shares the next wait', async () => {
      const disk = slowDisk()
      const first = write(db, 'first')
      await disk.reached
      const others = Promise.all(Array.from({ length: 50 }, (_, i) => write(db, `u${i}`)))
      while ((await read(db)).length < 51) continue
      assert.equal(waits, 1)

      disk.open()
      await Promise.all([first, others])
      assert.equal(waits, 2)
    })

    it('what only reads, or was rolled back, waits for no disk', async () => {
      brokenDisk()
      await db.transaction().execute(read)
      const regretted = db.transaction().execute(async (tx) => {
        await write(tx, 'never')
        throw new Error('changed my mind')
      })
      await assert.rejects(regretted, /changed my mind/)
      assert.equal(waits, 0)
    })

    it('follows a link to the file, whose log is beside the file', async () => {
      await symlink(join(folder.path, 's.db'), join(folder.path, 'link.db'))
      const linked = await openDatabase(`sqlite:${join(folder.path, 'link.db')}`)
      await write(linked, 'through the link')
      assert.equal((await read(db)).length, 1)
      await linked.destroy()
    })
  })
})
