import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { appWith, type App, type AppOptions, type RunningApp } from '../support/adopted-app.js'
import { BASE, type Browser } from '../support/browser.js'

const LONGEST_DIFF = 15
const ADA = { email: 'ada@acme.test', password: 'ada has one of her own' }

const APPS: (AppOptions & { what: string })[] = [
  {
    what: 'a plain Express 4 app in CommonJS, with passport-local',
    name: 'passport-commonjs',
    entry: 'app.cjs',
    packages: {
      express: 'express4',
      'express-session': 'express-session',
      passport: 'passport',
      'passport-local': 'passport-local',
    },
  },
  {
    what: 'an Express 5 app in strict TypeScript, with Passport',
    name: 'typescript',
    entry: 'app.js',
    compiled: true,
    packages: {
      express: 'express',
      'express-session': 'express-session',
      passport: 'passport',
      'passport-local': 'passport-local',
      '@types/express': '@types/express',
      '@types/express-session': '@types/express-session',
      '@types/node': '@types/node',
      '@types/passport': '@types/passport',
      '@types/passport-local': '@types/passport-local',
    },
  },
  {
    what: 'an Express 4 app with numeric ids in SQLite, bcrypt hashes and no Passport',
    name: 'sqlite-bcrypt',
    entry: 'app.mjs',
    packages: {
      express: 'express4',
      'express-session': 'express-session',
      bcryptjs: 'bcryptjs',
      '@photostructure/sqlite': '@photostructure/sqlite',
    },
  },
]

const logIn = (browser: Browser) => browser.post('/login', ADA)
const greeting = async (browser: Browser) => (await browser.visit('/')).text
const invoices = async (browser: Browser) => (await browser.json('/invoices')).status

for (const options of APPS)
  describe(`Adopting: ${options.what}`, function () {
    this.timeout(180_000)
    let app: App
    let running: RunningApp

    before(async () => {
      app = await appWith(options)
    })
    afterEach(() => running?.stop())

    it('it works by itself, and revokes nothing', async () => {
      running = await app.start()
      const browser = running.browser()
      assert.equal(await greeting(browser), 'Hello visitor')
      await logIn(browser)
      assert.equal(await greeting(browser), 'Hello Ada Lindqvist')
      assert.equal((await browser.visit(`${BASE}/sessions`)).status, 404)
    })

    it(`a diff of at most ${LONGEST_DIFF} lines, shown in docs/adopt.md, gives it devices and revocation`, async () => {
      const diff = readFileSync(join('test/apps', options.name, 'adopt.diff'), 'utf8')
      const lines = diff.split('\n').filter((line) => /^[+-](?![+-]{2})/.test(line))
      assert.ok(lines.length <= LONGEST_DIFF, `${lines.length} lines`)
      assert.ok(readFileSync('docs/adopt.md', 'utf8').includes(diff.trim()), 'docs/adopt.md shows another diff')

      await app.adopt()
      running = await app.start()
      const [here, there] = [running.browser(), running.browser()]
      await logIn(here)
      await logIn(there)
      assert.equal(await greeting(here), 'Hello Ada Lindqvist')
      assert.equal(await invoices(there), 200)
      assert.equal((await here.sessions()).length, 2)
      const page = await here.visit(`${BASE}/sessions`)
      assert.equal((await here.submit(page, '/sessions/revoke-others')).status, 303)
      assert.equal(await greeting(there), 'Hello visitor')
      assert.notEqual(await invoices(there), 200)
      assert.equal(await greeting(here), 'Hello Ada Lindqvist')

      const wrong = await running.browser().post('/login', { ...ADA, password: 'not hers' })
      assert.equal(wrong.location, '/login')
      const cookie = here.cookie('connect.sid')
      await here.post('/logout', {})
      const thief = running.browser()
      thief.setCookie(`connect.sid=${cookie}; Path=/`)
      assert.equal(await greeting(thief), 'Hello visitor')
      await logIn(here)
      assert.equal(await greeting(here), 'Hello Ada Lindqvist')
    })
  })
