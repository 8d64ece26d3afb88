import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { ConfigurationError, createSecurity, type SecurityOptions } from 'sallyport'
import { ada, SECRET, startHost } from './support/host.js'
import { BASE } from './support/browser.js'
import { freePort, startRedis, tempFolder } from './support/services.js'

const KEY = Buffer.from('a key of these tests: 32 bytes!!').toString('base64')
const users = { findById: () => ada, findByEmail: () => ada }

describe('Options', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let right: SecurityOptions
  before(async () => {
    folder = await tempFolder()
    right = { origin: 'http://localhost:3000', secret: SECRET, database: `sqlite:${join(folder.path, 'a.db')}`, users }
  })
  after(() => folder.remove())

  /** Starts with what is given on top of what is right; undefined takes an option away. Returns what the error says. */
  async function refusal(given: Record<string, unknown>): Promise<string> {
    const options = { ...right, onError: () => {}, ...given }
    for (const [key, value] of Object.entries(given))
      if (value === undefined) delete (options as Record<string, unknown>)[key]
    try {
      await (await createSecurity(options as SecurityOptions)).close()
    } catch (error) {
      assert.ok(error instanceof ConfigurationError, String(error))
      assert.match(error.message, /^sallyport: /)
      return error.message
    }
    throw new assert.AssertionError({ message: `started with ${JSON.stringify(given)}` })
  }

  /** What is wrong, and what the message must say: the option's name, and what to write. */
  const wrong: [string, Record<string, unknown>, RegExp[]][] = [
    ['no secret', { secret: undefined }, [/secret is missing/, /SALLYPORT_SECRET/, /openssl rand -base64 32/]],
    ['an empty secret', { secret: '' }, [/secret is too short/, /32/]],
    ['a short secret', { secret: 'hunter2-hunter2-hunter2-hunter2' }, [/secret is too short/, /32/]],
    ['a secret that is no text', { secret: 12345678901234567890123456789012n }, [/secret/, /32/]],
    ['no secret in the list', { secret: [] }, [/secret/, /at least one/]],
    ['a short one in the list', { secret: [SECRET, 'old'] }, [/secret/, /32/]],
    ['keys that are no list', { keys: { id: 'a', key: KEY } }, [/keys must be a list/, /keys: \[\{ id: '2026-01'/]],
    ['a list without a key', { keys: [] }, [/keys must hold at least one/, /openssl rand -base64 32/, /leave it out/]],
    ['a key that is a text', { keys: [KEY] }, [/keys\.0 must be a key; write \{ id: '2026-01', key: '\.\.\.' \}/]],
    ['a key that is not set', { keys: [{ id: 'a' }] }, [/keys\.0\.key is missing/, /openssl rand -base64 32/]],
    ['a key that is too short', { keys: [{ id: 'a', key: KEY.slice(4) }] }, [/keys\.0\.key is not 32 bytes in base64/]],
    ['a key in hexadecimal', { keys: [{ id: 'a', key: 'ab'.repeat(32) }] }, [/not 32 bytes in base64/, /openssl rand/]],
    ['a key with a line break', { keys: [{ id: 'a', key: `${KEY}\n` }] }, [/keys\.0\.key is not 32 bytes in base64/]],
    ['a key without an id', { keys: [{ key: KEY }] }, [/keys\.0\.id is missing/, /'2026-01'/]],
    ['an id with a dot', { keys: [{ id: 'v1.a', key: KEY }] }, [/keys\.0\.id is not usable/, /a-z, 0-9 and -/]],
    ['an id like a derived one', { keys: [{ id: 'secret-1', key: KEY }] }, [/keys\.0\.id begins with 'secret-'/]],
    [
      'an id given twice',
      { keys: ['a', 'b', 'a'].map((id) => ({ id, key: KEY })) },
      [/keys\.2\.id is "a", and another key has it too/],
    ],
    ['a key with more in it', { keys: [{ id: 'a', key: KEY, use: 'seal' }] }, [/unknown option keys\.0\.use/]],
    ['no origin', { origin: undefined }, [/origin is missing/, /https:\/\/app\.example\.com/]],
    ['an origin with a path', { origin: 'https://a.test/app' }, [/origin/, /leave the path out: 'https:\/\/a\.test'/]],
    ['an origin with a query', { origin: 'https://a.test?x=1' }, [/origin/, /'https:\/\/a\.test'/]],
    ['an origin with a user', { origin: 'https://u:p@a.test' }, [/origin/, /'https:\/\/a\.test'/]],
    ['an origin in capitals', { origin: 'HTTPS://A.test' }, [/origin/, /'https:\/\/a\.test'/]],
    ['http that is not loopback', { origin: 'http://a.test' }, [/origin/, /localhost only: 'https:\/\/a\.test'/]],
    ['http of a name like it', { origin: 'http://localhost.a.test' }, [/origin/, /localhost only/]],
    ['ftp', { origin: 'ftp://a.test' }, [/origin/, /write 'https:\/\/app\.example\.com'/]],
    ['an origin that is none', { origin: 'app.example.com' }, [/origin/, /write 'https:\/\/app\.example\.com'/]],
    ['no database', { database: undefined }, [/database is missing/, /'sqlite:\.\/data\/security\.db'/]],
    [
      'a database of another kind',
      { database: 'mysql://localhost/x' },
      [/database is "mysql:/, /'sqlite:\.\/data\/security\.db'/, /'postgres:\/\/user:password@host\/name'/],
    ],
    ['a PostgreSQL that is no address', { database: 'postgres://a b/c' }, [/database is not a PostgreSQL address/]],
    ['one connection', { databaseConnections: 1 }, [/databaseConnections/]],
    ['a prefix in capitals', { tablePrefix: 'Acme_' }, [/tablePrefix is "Acme_"/, /'security_'/]],
    ['a prefix that is more than a name', { tablePrefix: 'a"; drop table users; --' }, [/tablePrefix/]],
    ['a prefix that is too long', { tablePrefix: 'a'.repeat(32) }, [/tablePrefix/, /up to 31/]],
    ['no prefix', { tablePrefix: '' }, [/tablePrefix/]],
    ['an autoMigrate in words', { autoMigrate: 'no' }, [/autoMigrate/]],
    ['a database without a file', { database: 'sqlite:' }, [/database/, /'sqlite:\.\/data\/security\.db'/]],
    ['a folder as a database', { database: 'sqlite:/proc' }, [/database/, /writable/]],
    ['a database in no folder', { database: 'sqlite:/dev/null/security.db' }, [/database/, /writable/]],
    ['no users', { users: undefined }, [/users is missing/, /findById, findByEmail/]],
    ['users without a function', { users: { findById: users.findById } }, [/users\.findByEmail must be a function/]],
    ['redis of another scheme', { redis: 'http://localhost:6379' }, [/redis/, /redis:\/\/127\.0\.0\.1:6379/]],
    ['redis that is no client', { redis: {} }, [/redis/, /ioredis client/]],
    ['a mail server of another scheme', { mail: 'localhost:25' }, [/mail/, /smtp:\/\/localhost:25/]],
    ['mail that is neither address nor function', { mail: 25 }, [/mail/, /smtp:\/\/localhost:25/]],
    ['a sender with a name', { mailFrom: 'Us <us@acme.test>' }, [/mailFrom/, /security@example\.com/]],
    ['a notice that there is not', { notices: { weather: false } }, [/unknown option notices\.weather/]],
    ['a basePath that is none', { basePath: 'security' }, [/basePath/, /'\/security'/]],
    ['a basePath with a slash at its end', { basePath: '/security/' }, [/basePath/, /'\/security'/]],
    ['a basePath with a pattern', { basePath: '/:any' }, [/basePath/, /'\/security'/]],
    ['an afterSignIn elsewhere', { afterSignIn: 'https://evil.example' }, [/afterSignIn/, /'?\/'?/]],
    ['an afterSignIn elsewhere without a scheme', { afterSignIn: '//evil.example' }, [/afterSignIn/]],
    ['an unknown option', { databse: 'x' }, [/unknown option databse/, /docs\/options\.md/]],
    ['two unknown options', { cookie: {}, store: {} }, [/unknown option cookie, store/]],
    ['an unknown option inside', { sessions: { absolut: '7d' } }, [/unknown option sessions\.absolut/]],
    ['an unknown password option', { passwords: { min: 8 } }, [/unknown option passwords\.min/]],
    ['an unknown users option', { users: { ...users, uid: (user: { key: string }) => user.key } }, [/users\.uid/]],
    ['bare milliseconds', { sessions: { absolute: 604_800_000 } }, [/sessions\.absolute/, /'10m', '12h' or '7d'/]],
    ['a duration without a unit', { sessions: { idle: '30' } }, [/sessions\.idle/, /'10m'/]],
    ['a duration in words', { sessions: { rememberedIdle: '2 weeks' } }, [/sessions\.rememberedIdle/, /'7d'/]],
    ['a negative duration', { sessions: { rememberedAbsolute: '-1d' } }, [/sessions\.rememberedAbsolute/, /'7d'/]],
    ['no time at all', { sessions: { absolute: '0d' } }, [/sessions\.absolute/]],
    ['a limit that last-active cannot tell', { sessions: { idle: '30s' } }, [/sessions\.idle/]],
    ['no session at all', { sessions: { perUser: 0 } }, [/sessions\.perUser/]],
    ['an acknowledgement that is none', { sessions: { acknowledge: 'never' } }, [/sessions\.acknowledge/, /strict/]],
    ['rules that are none', { passwords: { rules: 'weak' } }, [/passwords\.rules/, /classic12/]],
    ['a session that is none', { session: 'theirs' }, [/session must be 'own'/, /'host'/]],
    ['a sign-in page of yours with a session of ours', { signInPath: '/login' }, [/signInPath is for session: 'host'/]],
    [
      'a sign-in page elsewhere',
      { session: 'host', signInPath: 'https://evil.test' },
      [/signInPath/, /path of your own/],
    ],
    [
      'taking over until no date',
      { session: 'host', adoptUntil: 'Christmas' },
      [/adoptUntil is "Christmas"/, /date such as/],
    ],
    ['taking over for too long', { session: 'host', adoptUntil: '2126-01-01' }, [/adoptUntil/, /at most 30 days/]],
    ['hops that are no number', { proxyHops: '1' }, [/proxyHops/]],
    [
      'locations that are not there',
      { locations: '/no/such/city.mmdb' },
      [/locations/, /no\/such\/city\.mmdb/, /\.mmdb/],
    ],
  ]
  for (const [name, given, says] of wrong)
    it(`${name} is refused with what to write`, async () => {
      const message = await refusal(given)
      for (const each of says) assert.match(message, each)
    })

  it('what is right starts, and starts again on its own database', async () => {
    for (const more of [
      {},
      { origin: 'http://127.0.0.1:8080' },
      { origin: 'http://[::1]:8080/' },
      { origin: 'https://app.example.com' },
      { secret: [SECRET, `old ${SECRET}`] as const },
      { keys: [{ id: '2026-01', key: KEY }] },
      { redis: undefined, mail: undefined, locations: undefined },
      { mail: 'smtp://localhost:25', basePath: '/account/security', proxyHops: 2 },
      { sessions: { absolute: '12h', idle: '30m', perUser: 1, acknowledge: 'strict' } as const },
    ])
      await (await createSecurity({ ...right, ...more })).close()
  })

  it('everything that is wrong is said at once', async () => {
    const message = await refusal({ secret: 'x', origin: 'ftp://x', sessions: { absolute: 7 } })
    for (const each of [/secret/, /origin/, /sessions\.absolute/]) assert.match(message, each)
  })

  it('a secret that is wrong is not repeated', async () => {
    for (const secret of ['hunter2', ['hunter2'], { key: 'hunter2' }])
      assert.doesNotMatch(await refusal({ secret }), /hunter2/)
    assert.doesNotMatch(await refusal({ keys: [{ id: 'hunter/2', key: 'hunter2' }] }), /hunter.?2/)
    const redis = `redis://:hunter2@127.0.0.1:${await freePort()}`
    assert.doesNotMatch(await refusal({ redis }), /hunter2/)
  })

  it('a locations file that is none is refused', async () => {
    const locations = join(folder.path, 'city.mmdb')
    await writeFile(locations, 'not a MaxMind database')
    assert.match(await refusal({ locations }), /locations: .*city\.mmdb is not a readable \.mmdb file/)
  })

  it('a Redis that cannot be reached is refused, with its address', async () => {
    const port = await freePort()
    const message = await refusal({ redis: `redis://127.0.0.1:${port}` })
    assert.match(message, new RegExp(`redis 127\\.0\\.0\\.1:${port} cannot be reached`))
    assert.match(message, /start it, correct the address, or leave the option out/)
  })

  it('a Redis that may evict keys is refused', async () => {
    const redis = await startRedis('--maxmemory-policy', 'allkeys-lru', '--maxmemory', '100mb')
    try {
      const message = await refusal({ redis: redis.url })
      assert.match(message, /maxmemory-policy allkeys-lru.*write "maxmemory-policy noeviction"/)
    } finally {
      await redis.close()
    }
  })

  it("an ioredis client of the host's is copied, not used, and left as it was", async () => {
    const redis = await startRedis()
    const client = new Redis(redis.url, { keyPrefix: 'host:', db: 1 })
    try {
      const host = await startHost({ redis: client, people: [ada] })
      const browser = host.browser()
      assert.equal((await browser.visit(`${BASE}/sign-in`)).status, 200)
      await host.close()
      assert.equal(await client.ping(), 'PONG')
    } finally {
      client.disconnect()
      await redis.close()
    }
  })

  it('basePath, afterSignIn and productName are used', async () => {
    const host = await startHost({ basePath: '/account/security', afterSignIn: '/invoices', productName: 'Ledgerly' })
    try {
      const browser = host.browser()
      const page = await browser.visit('/account/security/sign-in')
      assert.match(page.$('title').text(), /Ledgerly/)
      const typed = { email: ada.email, password: 'Correct-Horse-7-Battery' }
      assert.equal((await browser.submit(page, '/sign-in', typed)).location, '/invoices')
      assert.equal((await browser.visit(`${BASE}/sign-in`)).status, 404)
      const links = (await browser.visit('/account/security/')).$('[href], [action]').toArray()
      assert.ok(links.length > 5)
      for (const { attribs } of links)
        assert.match(attribs.href ?? attribs.action!, /^(\/account\/security\/|\/$|#|data:)/)
    } finally {
      await host.close()
    }
  })

  it('a secret that was rotated still verifies what it signed', async () => {
    const database = `sqlite:${join(folder.path, 'rotated.db')}`
    const [old, fresh] = [SECRET, `fresh ${SECRET}`]
    const first = await startHost({ database, secret: old })
    const browser = first.browser()
    await browser.signIn(ada, 'Correct-Horse-7-Battery')
    const [cookie, tab] = [browser.cookie(), await browser.visit(`${BASE}/`)]
    await first.close()
    for (const [secret, signedIn] of [
      [[fresh, old], true],
      [fresh, false],
    ] as [string | [string, string], boolean][]) {
      const next = await startHost({ database, secret })
      const again = next.browser()
      again.setCookie(`sallyport=${cookie}; Path=/`)
      assert.equal(await again.isSignedIn(), signedIn)
      const step = { ...tab.fieldsOf('/sign-out'), password: 'Wrong-Horse-7-Battery' }
      assert.equal((await again.json(`${BASE}/step-up`, step)).status, signedIn ? 422 : 401, 'a form of an open tab')
      await next.close()
    }
  })
})
