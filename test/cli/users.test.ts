import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../../src/stores/sql/database.js'
import { enrol, type Authenticator } from '../support/authenticator.js'
import type { Browser } from '../support/browser.js'
import { ada, PASSWORDS, SECRET, startHost, type Host } from '../support/host.js'
import { startRedis, tempFolder } from '../support/services.js'
import { cli, configFile } from './run-cli.js'

const RESET = ['users', 'reset-two-factor']
const REASON = 'phone and codes burnt, seen in person'

/** The module that the app and the commands share; its table knows Ada. */
const USERS = `const people = [${JSON.stringify(ada)}]
options.users = {
  findById: (id) => people.find((one) => one.id === id),
  findByEmail: (email) => people.find((one) => one.email === email),
}`

for (const stores of ['SQLite alone', 'SQLite and Redis'])
  describe(`sallyport users reset-two-factor, ${stores}`, function () {
    this.timeout(60_000)
    let folder: Awaited<ReturnType<typeof tempFolder>>
    let redis: Awaited<ReturnType<typeof startRedis>> | null = null
    let database: string
    let host: Host
    let config: string
    let browser: Browser
    let app: Authenticator

    before(async () => {
      folder = await tempFolder()
      if (stores.includes('Redis')) redis = await startRedis()
      database = `sqlite:${join(folder.path, 'security.db')}`
      host = await startHost({ database, redis: redis?.url })
      config = await configFile(folder.path, { ...where(), origin: host.url }, USERS)
      browser = host.browser()
      await browser.signIn(ada, PASSWORDS.u1!)
      app = await enrol(browser, host.clock)
    })
    after(async () => {
      await host?.close()
      await redis?.close()
      await folder.remove()
    })

    const where = () => ({ database, secret: SECRET, ...(redis && { redis: redis.url }) })

    async function resets() {
      const db = await openDatabase(database)
      const rows = await db
        .selectFrom('security_audit_events')
        .select(['actor_type', 'user_id', 'details'])
        .where('action', '=', 'auth.2fa_reset')
        .execute()
      await db.destroy()
      return rows
    }

    if (!stores.includes('Redis'))
      it('is refused without a reason, an address, or the module that knows the users; nothing is changed', async () => {
        const wrong: [string[], RegExp][] = [
          [[ada.email, '--config', config, '--reason', '   '], /write --reason/],
          [['--config', config, '--reason', REASON], /write the e-mail address of a user/],
          [
            [ada.email, 'grace@acme.test', '--config', config, '--reason', REASON],
            /write the e-mail address of a user/,
          ],
          [[ada.email, '--reason', REASON], /write --config/],
        ]
        const wrongly = async ([args, says]: (typeof wrong)[number]) => {
          const { code, out, err } = await cli([...RESET, ...args])
          assert.deepEqual([code, out], [2, ''], args.join(' '))
          assert.match(err, says)
        }
        await Promise.all(wrong.map(wrongly))
        assert.ok(await browser.isSignedIn())
        assert.deepEqual(await resets(), [])
      })

    if (!stores.includes('Redis'))
      it('says that nobody has an address, and makes no database where there is none', async () => {
        const unknown = await cli([...RESET, 'nobody@acme.test', '--config', config, '--reason', REASON])
        assert.deepEqual([unknown.code, unknown.out], [1, ''])
        assert.match(unknown.err, /nobody has the e-mail address nobody@acme\.test; nothing was changed/)
        const elsewhere = { ...where(), database: `sqlite:${join(folder.path, 'none.db')}` }
        const misplaced = await configFile(folder.path, elsewhere, USERS)
        const { code, err } = await cli([...RESET, ada.email, '--config', misplaced, '--reason', REASON])
        assert.equal(code, 2)
        assert.match(err, /there is no database sqlite:.*none\.db; run it in the folder of the app/)
        assert.ok(!existsSync(join(folder.path, 'none.db')))
      })

    it('removes factor and codes, ends the sessions of the running app, and says so; the password is enough then', async () => {
      const { code, out, err } = await cli([...RESET, ada.email, '--config', config, '--reason', REASON])
      assert.deepEqual(
        [code, out],
        [
          0,
          'ada@acme.test (user u1): two-factor is off, the recovery codes are gone\nno passkeys removed, 1 session ended\n',
        ],
        err,
      )
      assert.equal(await browser.isSignedIn(), false, 'at once, in the process that runs')
      const again = host.browser()
      assert.equal((await again.signIn(ada, PASSWORDS.u1!)).location, '/')
      assert.ok(await again.isSignedIn())
      const [row, ...others] = await resets()
      assert.deepEqual(others, [])
      assert.deepEqual([row!.actor_type, row!.user_id], ['host', 'u1'])
      const details = { reason: REASON, sessionsRevoked: 1, passkeysRemoved: 0 }
      assert.deepEqual(JSON.parse(row!.details), details)

      assert.ok(!(out + err).includes(app.secret))
    })
  })
