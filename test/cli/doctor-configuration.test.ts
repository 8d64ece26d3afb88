import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { weaknessOf } from '../../src/cli/doctor/secrets.js'
import { tempFolder } from '../support/services.js'
import { cli, configFile, doctor, GOOD, GOOD_SECRET, OLD_SECRET } from './run-cli.js'

describe('sallyport doctor, the configuration', function () {
  this.timeout(30_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  before(async () => void (folder = await tempFolder()))
  after(() => folder.remove())

  const examine = async (options: object, env: NodeJS.ProcessEnv = {}, more = '') =>
    doctor(await configFile(folder.path, options, more), [], { env })

  it('a good one is said to be good', async () => {
    const found = await examine({ origin: 'https://app.example.com' })
    for (const id of ['options', 'origin', 'secret_random'] as const) assert.equal(found.level(id), 'ok', id)
    assert.equal(found.level('secret_old'), undefined)
    assert.equal(found.level('secret_repeated'), undefined)
    assert.equal(found.level('configuration_file'), undefined)
  })

  it('each wrong option is a finding with what to write, and nothing else is looked at', async () => {
    const found = await examine({ origin: 'http://app.example.com', databse: 'x', sessions: { absolute: 7 } })
    assert.equal(found.code, 1)
    assert.deepEqual(
      found.findings.map(({ id, level }) => [id, level]),
      [
        ['options', 'problem'],
        ['options', 'problem'],
        ['options', 'problem'],
      ],
    )
    const all = found.findings.map(({ seen, change }) => `${seen} -> ${change}`).join('\n')
    assert.match(all, /origin is "http:\/\/app\.example\.com" -> http is for localhost only/)
    assert.match(all, /unknown option databse -> see docs\/options\.md/)
    assert.match(all, /sessions\.absolute is 7 -> write a duration as text/)
    assert.match(found.notChecked[0]!.why, /options have to be right first/)
  })

  it('a short secret, another database and a place file that is none are wrong options too', async () => {
    const found = await examine({ secret: 'too short a secret', locations: '/no/such/city.mmdb' })
    assert.match(found.says('options'), /secret is too short -> write at least 32 random characters/)
    assert.match((await examine({ database: 'mysql://db/app' })).says('options'), /database is "mysql:\.\.\."/)
    assert.match((await examine({ locations: '/no/such/city.mmdb' })).says('options'), /city\.mmdb is not a readable/)
  })

  it('from the environment it says which variable is missing', async () => {
    const { code, out } = await cli(['doctor'], { env: { DATABASE_URL: 'sqlite::memory:', SALLYPORT_SECRET: 'short' } })
    assert.equal(code, 1)
    assert.match(out, /configuration: the environment \(SALLYPORT_SECRET, DATABASE_URL\)/)
    const text = out.replace(/\s+/g, ' ')
    assert.match(text, /origin is missing -> .*\(in the environment: ORIGIN\)/)
    assert.match(text, /secret is too short -> .*\(in the environment: SALLYPORT_SECRET\)/)
  })

  it('the environment alone is enough', async () => {
    const env = { ORIGIN: GOOD.origin, SALLYPORT_SECRET: GOOD_SECRET, NODE_ENV: 'test' }
    const { code, out } = await cli(['doctor'], { env: { ...env, DATABASE_URL: 'sqlite::memory:' } })
    assert.equal(code, 0, out)
    assert.match(out, /ok +options: complete/)
  })

  it('an origin that only this machine reaches is for developing', async () => {
    const origin = 'http://localhost:1'
    assert.equal((await examine({ origin }, { NODE_ENV: 'production' })).level('origin'), 'problem')
    assert.equal(
      (await examine({ origin: 'https://127.0.0.1:1' }, { NODE_ENV: 'production' })).level('origin'),
      'problem',
    )
    const unsaid = await examine({ origin }, { NODE_ENV: '' })
    assert.equal(unsaid.level('origin'), 'warning')
    assert.match(unsaid.says('origin'), /write origin: 'https:\/\/app\.example\.com'/)
    assert.equal((await examine({ origin }, { NODE_ENV: 'development' })).level('origin'), 'ok')
  })

  describe('the secret', () => {
    it('that can be guessed is a problem, and is not repeated', async () => {
      const secret = 'change-me-please-change-me-please'
      const found = await examine({ secret })
      const old = await examine({ secret: [GOOD_SECRET, secret] })
      assert.equal(found.level('secret_random'), 'problem')
      assert.match(found.says('secret_random'), /^the secret .* -> write a new one first in the list.*openssl rand/)
      assert.match(old.says('secret_random'), /^secret 2 of 2 .* -> take it out/)
      assert.ok(!(found.out + old.out).includes(secret))
    })

    it('that has an old one beside it is a warning; the same one twice is a problem', async () => {
      const old = await examine({ secret: [GOOD_SECRET, OLD_SECRET], sessions: { rememberedAbsolute: '90d' } })
      assert.equal(old.level('secret_old'), 'warning')
      assert.match(old.says('secret_old'), /an old secret is still accepted -> when 90d have passed/)
      assert.equal(old.level('secret_random'), 'ok')
      assert.equal(old.level('secret_repeated'), undefined)
      assert.equal((await examine({ secret: [GOOD_SECRET, GOOD_SECRET] })).level('secret_repeated'), 'problem')
    })

    it('is judged by its looks', () => {
      const weak: [string, RegExp][] = [
        ['xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', /repeated/],
        ['abc123abc123abc123abc123abc123abc123', /repeated/],
        ['s3cr3ts3cr3ts3cr3ts3cr3ts3cr3ts3cr3t', /repeated/],
        ['1100010010011101000010101110100110101', /only 2 different/],
        ['12343219812349817234987123498712349', /only 7 different/],
        ['0123456789abcdefghijklmnopqrstuvwxyz', /sequence/],
        ['zyxwvutsrqponmlkjihgfedcba9876543210', /sequence/],
        ['a secret for tests only, long enough to be one', /word/],
        ['keyboard cat keyboard dog keyboard bird', /word/],
        ['ChangeMe-x9QvT2mLk84ZsW1pYb6RdC0e', /word/],
        ['your-own-key-goes-here-1234567890', /words/],
        ['thisIsOurVeryOwnKeyOfTheBillingApp', /words/],
        ['correct horse battery staple and more', /words/],
      ]
      for (const [secret, why] of weak) assert.match(weaknessOf(secret)?.why ?? 'nothing', why, secret)
    })

    it('of a generator is hardly ever suspected, and never refused', () => {
      const found = (['hex', 'base64', 'base64url'] as const).flatMap((encoding) =>
        Array.from({ length: 4000 }, (_, i) => {
          const text = createHash('sha256').update(`${encoding} ${i}`).digest().toString(encoding)
          return weaknessOf(i % 2 ? text : text.slice(0, 32))
        }),
      )
      assert.ok(found.filter(Boolean).length <= 12, `${found.filter(Boolean).length} of ${found.length} suspected`)
      assert.ok(!found.some((each) => each?.level === 'problem'))
    })
  })

  it('reads the very file that an app shares with it', async () => {
    const database = `sqlite:${join(folder.path, 'shared.db')}`
    const found = await examine({ database }, {}, 'options.basePath = "/account/security"')
    assert.equal(found.level('options'), 'ok')
    assert.match(found.notChecked.find(({ section }) => section === 'app')!.why, /does not answer from here.*--url/)
  })
})
