import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { sql, type KyselyPlugin } from 'kysely'
import { ConfigurationError, createSecurity } from 'sallyport'
import { sealedSecretsHaveKeys } from '../../src/cli/doctor/database.js'
import { list, rotate } from '../../src/cli/keys.js'
import { Terminal } from '../../src/cli/terminal.js'
import { Envelopes, keyIdOf } from '../../src/core/envelope.js'
import { envelopeKeys } from '../../src/key-configuration.js'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { assertKeysAreThere, ENVELOPED, type EnvelopedColumn } from '../../src/stores/sql/envelopes.js'
import { resealAll } from '../../src/stores/sql/reseal.js'
import { SECRET } from '../support/host.js'
import { sharedPostgres } from '../support/postgres.js'
import { tempFolder } from '../support/services.js'
import { createThings, keep, placeOf, things, THINGS, write } from './sealed-things.js'

const keyOf = (id: string) => ({ id, key: randomBytes(32) })
const [NEW, OLD, LOST] = [keyOf('2026-01'), keyOf('2025-01'), keyOf('2024-01')]
const [DERIVED] = envelopeKeys(undefined, [SECRET])
const before = new Envelopes([OLD, DERIVED!])
const after = new Envelopes([NEW, OLD, DERIVED!])
const lost = new Envelopes([LOST])
const COLUMNS = [THINGS]
const number = (i: number) => `u${String(i).padStart(4, '0')}`

for (const kind of ['SQLite', 'PostgreSQL'])
  describe(`Rotating keys in ${kind}`, function () {
    this.timeout(30_000)
    let url: string
    let remove: () => Promise<void>
    let db: Database
    const tablePrefix = 'acme_'

    beforeEach(async () => {
      if (kind === 'SQLite') {
        const folder = await tempFolder()
        url = `sqlite:${join(folder.path, 'security.db')}`
        remove = folder.remove
      } else ({ url, drop: remove } = await (await sharedPostgres()).freshDatabase())
      db = await openDatabase(url, { tablePrefix })
      await createThings(db)
    })
    afterEach(async () => {
      await db.destroy()
      await remove()
    })

    /** Runs a command on the open database; what it prints, line by line. */
    async function ran(command: typeof list, envelopes: Envelopes) {
      const out = new PassThrough()
      const code = await command(db, envelopes, new Terminal(out, out), COLUMNS)
      return {
        code,
        lines: String(out.read() ?? '')
          .trimEnd()
          .split('\n'),
      }
    }

    /** What each row holds, opened with the keys that there are after the rotation. */
    const opened = async () => (await things(db)).map((row) => row.sealed && after.open(row.sealed, placeOf(row)))

    it('seals every envelope anew under the first key, and leaves what is there already', async () => {
      for (let i = 0; i < 250; i++) await keep(db, i % 2 ? before : new Envelopes([DERIVED!]), number(i), `seed ${i}`)
      await keep(db, after, number(250), 'seed 250')
      await keep(db, before, number(250), 'another kind', 'provider')
      await write(db, number(251), null)
      const untouched = (await things(db)).find((row) => row.user_id === number(250) && row.kind === 'totp')!.sealed

      assert.deepEqual(await ran(rotate, after), { code: 0, lines: ['251 envelopes sealed anew under 2026-01'] })

      const rows = await things(db)
      const all = [...Array.from({ length: 250 }, (_, i) => `seed ${i}`), 'another kind', 'seed 250', null]
      assert.deepEqual(await opened(), all)
      for (const { sealed } of rows) if (sealed) assert.equal(keyIdOf(sealed), '2026-01')
      assert.equal(rows.find((row) => row.user_id === number(250) && row.kind === 'totp')!.sealed, untouched)
      assert.deepEqual(await ran(rotate, after), { code: 0, lines: ['no envelopes sealed anew under 2026-01'] })
      assert.deepEqual(await things(db), rows, 'the second time nothing is written')
    })

    it('goes on where it was, when it was ended', async () => {
      for (let i = 0; i < 150; i++) await keep(db, before, number(i), `seed ${i}`)
      let met = 0
      const failing = {
        ...THINGS,
        where: (row: Parameters<typeof placeOf>[0]) => {
          if ((met += 1) > 120) throw new Error('killed')
          return placeOf(row)
        },
      } as unknown as EnvelopedColumn
      await assert.rejects(resealAll(db, after, [failing]), /killed/)
      assert.equal((await things(db)).filter(({ sealed }) => after.isCurrent(sealed!)).length, 120)
      assert.deepEqual(await ran(rotate, after), { code: 0, lines: ['30 envelopes sealed anew under 2026-01'] })
      assert.deepEqual(
        await opened(),
        Array.from({ length: 150 }, (_, i) => `seed ${i}`),
      )
    })

    it('leaves a secret alone that its user replaces, or removes, in that very moment', async () => {
      for (const user of ['u1', 'u2', 'u3']) await keep(db, before, user, `seed of ${user}`)
      const app = await openDatabase(url, { tablePrefix })
      let hasRead = false
      const meanwhile: KyselyPlugin = {
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => {
          if (!hasRead) {
            hasRead = true
            await keep(app, before, 'u1', 'a new seed')
            await write(app, 'u2', null)
          }
          return result
        },
      }
      assert.deepEqual(await resealAll(db.withPlugin(meanwhile), after, COLUMNS), { resealed: 1, unopened: 0 })
      assert.deepEqual(await opened(), ['a new seed', null, 'seed of u3'])
      assert.equal((await ran(rotate, after)).code, 0)
      assert.deepEqual(await opened(), ['a new seed', null, 'seed of u3'])
      await app.destroy()
    })

    it('may run twice at once while the app writes: nothing is lost', async () => {
      for (let i = 0; i < 120; i++) await keep(db, before, number(i), `seed ${i}`)
      const others = await Promise.all([openDatabase(url, { tablePrefix }), openDatabase(url, { tablePrefix })])
      const writing = (async () => {
        for (let i = 0; i < 120; i += 3) await keep(db, after, number(i), `new seed ${i}`)
      })()
      const runs = await Promise.all(others.map((each) => resealAll(each, after, COLUMNS)))
      await writing
      assert.ok(runs[0]!.resealed + runs[1]!.resealed <= 120, 'each row once at most')
      assert.equal(runs[0]!.unopened + runs[1]!.unopened, 0)
      assert.deepEqual(
        await opened(),
        Array.from({ length: 120 }, (_, i) => (i % 3 ? `seed ${i}` : `new seed ${i}`)),
      )
      for (const { sealed } of await things(db)) assert.ok(after.isCurrent(sealed!))
      await Promise.all(others.map((each) => each.destroy()))
    })

    it('goes past what does not open, and says so', async () => {
      for (let i = 0; i < 130; i++) await keep(db, lost, number(i), `seed ${i}`)
      await keep(db, before, 'v1', 'a good one')
      await write(db, 'v2', (await things(db)).at(-1)!.sealed) // somebody else's row
      await write(db, 'v3', 'JBSWY3DPEHPK3PXP') // no envelope
      const rows = await things(db)
      const { code, lines } = await ran(rotate, after)
      assert.equal(code, 1)
      assert.deepEqual(lines, [
        '1 envelope sealed anew under 2026-01',
        '132 envelopes could not be opened; see: sallyport keys list',
      ])
      const isGood = ({ user_id }: { user_id: string }) => user_id === 'v1'
      assert.deepEqual(
        (await things(db)).filter((row) => !isGood(row)),
        rows.filter((row) => !isGood(row)),
      )
      assert.ok(after.isCurrent((await things(db)).find(isGood)!.sealed!))
    })

    it('is listed: which key seals, which may go, which is missing', async () => {
      for (const user of ['u1', 'u2']) await keep(db, before, user, 'seed')
      await keep(db, after, 'u3', 'seed')
      assert.deepEqual(await ran(list, after), {
        code: 0,
        lines: [
          '2026-01          1 envelope, seals',
          '2025-01          2 envelopes, opens; run before it goes: sallyport keys rotate',
          `${DERIVED!.id}  no envelopes, opens; derived from secret`,
        ],
      })
      await ran(rotate, after)
      assert.equal((await ran(list, after)).lines[1], '2025-01          no envelopes, opens; may be taken out')

      await keep(db, lost, 'u4', 'seed')
      await keep(db, new Envelopes([DERIVED!]), 'u5', 'seed')
      await write(db, 'u6', 'JBSWY3DPEHPK3PXP')
      const { code, lines } = await ran(list, new Envelopes([NEW]))
      assert.equal(code, 1)
      assert.deepEqual(lines, [
        '2026-01          3 envelopes, seals',
        '-                1 envelope, NOT READABLE: something else has written these texts',
        '2024-01          1 envelope, MISSING: put it back into the list',
        `${DERIVED!.id}  1 envelope, MISSING: put the secret that it is derived from back into the list`,
      ])
    })

    it('is refused at the start while a key is missing, before a request is served', async () => {
      const start = async (envelopes: Envelopes) => {
        const accept = (opened: Database) => assertKeysAreThere(opened, envelopes, COLUMNS)
        await (await openDatabase(url, { tablePrefix, accept })).destroy()
      }
      await start(new Envelopes([NEW]))
      await keep(db, before, 'u1', 'seed')
      await keep(db, new Envelopes([DERIVED!]), 'u2', 'seed')
      await write(db, 'u3', null)
      await start(after)
      await assert.rejects(start(new Envelopes([NEW])), (error) => {
        assert.ok(error instanceof ConfigurationError)
        assert.match(
          error.message,
          /keys: the database holds secrets sealed under key "2025-01", which is not among them; add it back/,
        )
        assert.match(error.message, /secret: .* derived from an older one \("secret-[0-9a-f]{8}"\); add that back/)
        return true
      })
      assert.equal((await ran(rotate, after)).code, 0)
      await start(new Envelopes([NEW]))
    })

    it('doctor says which keys are missing, and which are to be rotated', async () => {
      const found = (envelopes: Envelopes) => sealedSecretsHaveKeys({ db, envelopes }, COLUMNS)
      assert.equal(await found(after), null)
      await keep(db, before, 'u1', 'seed')
      const missing = await found(new Envelopes([NEW]))
      assert.deepEqual([missing?.level, missing?.id], ['problem', 'sql_keys'])
      assert.match(missing!.seen, /sealed under "2025-01".*refuse to start/)
      assert.match(missing!.change!, /put it back/)
      const old = await found(after)
      assert.equal(old?.level, 'warning')
      assert.match(
        `${old.seen} -> ${old.change}`,
        /under "2025-01"; new ones are under "2026-01" -> .*npx sallyport keys rotate/,
      )
      await ran(rotate, after)
      assert.equal((await found(after))?.level, 'ok')
    })

    it('an app does not start without the key of what it holds; with it, it does', async () => {
      const registered = ENVELOPED as EnvelopedColumn[]
      await keep(db, before, 'u1', 'seed')
      const users = { findById: () => null, findByEmail: () => null }
      const options = { origin: 'http://localhost:3000', secret: SECRET, database: url, tablePrefix, users }
      const old = { id: OLD.id, key: OLD.key.toString('base64') }
      registered.push(THINGS)
      try {
        await assert.rejects(createSecurity(options), /keys: .* under key "2025-01".*add it back/)
        await (await createSecurity({ ...options, keys: [old] })).close()
      } finally {
        registered.pop()
      }
    })

    it('where no table has been made yet, nothing is sealed', async () => {
      await sql`drop table acme_sealed_things`.execute(db)
      assert.deepEqual((await ran(list, new Envelopes([NEW]))).lines, ['2026-01  no envelopes, seals'])
    })
  })
