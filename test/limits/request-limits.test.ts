import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { ConfigurationError, type Security } from 'sallyport'
import { ada, grace, PASSWORDS, startHost, type Host, type Person } from '../support/host.js'
import { BASE, type Browser, type Page } from '../support/browser.js'
import { until } from '../support/clock.js'
import { startRedis, type RedisServer } from '../support/services.js'
import { retryAfter } from './guess.js'

type Limit = Parameters<Security['rateLimit']>[0]

async function signedIn(host: Host, person: Person = ada): Promise<Browser> {
  const browser = host.browser()
  assert.equal((await browser.signIn(person, PASSWORDS[person.id]!)).status, 303)
  return browser
}

/** Asks again and again; how often it was answered, and the refusal. */
async function askUntilRefused(ask: () => Promise<Page>, most = 200): Promise<{ answered: number; refusal: Page }> {
  for (let answered = 0; answered < most; answered += 1) {
    const page = await ask()
    if (page.status === 429) return { answered, refusal: page }
    assert.equal(page.status, 200)
  }
  throw new assert.AssertionError({ message: `${most} requests and no end` })
}

describe('Requests to our own pages', () => {
  let host: Host
  before(async () => void (host = await startHost({ before: (app) => app.set('trust proxy', 1) })))
  after(() => host.close())

  it('120 a minute per user, on all devices together; another user has as many', async () => {
    const [phone, laptop] = [await signedIn(host), await signedIn(host)]
    let turn = 0
    const { answered, refusal } = await askUntilRefused(() =>
      [phone, laptop][(turn += 1) % 2]!.visit(`${BASE}/sessions`),
    )
    assert.equal(answered, 120)
    assert.ok(retryAfter(refusal) <= 60)
    assert.match(refusal.text, /Please wait .* Try again in \d+ seconds/)
    assert.equal(refusal.$('a:contains("Try again")').attr('href'), `${BASE}/sessions`)
    assert.equal(refusal.response.headers['ratelimit-policy'], '"pages";q=120;w=60')
    assert.match(refusal.response.headers.ratelimit as string, /^"pages";r=0;t=\d+$/)
    const json = await laptop.json(`${BASE}/sessions`)
    assert.deepEqual([json.status, json.json.code], [429, 'too_many_requests'])
    assert.equal(json.json.retryAfter, retryAfter(json))
    for (const path of ['/invoices', '/']) assert.equal((await phone.visit(path)).status, 200, `${path} of the host`)
    assert.equal((await (await signedIn(host, grace)).visit(`${BASE}/sessions`)).status, 200)
  })

  it('style sheets are not counted: the page that says to wait has its looks', async () => {
    const browser = await signedIn(host, grace)
    const { refusal } = await askUntilRefused(() => browser.visit(`${BASE}/sessions`))
    for (const link of refusal.$('link[rel=stylesheet]').toArray())
      assert.equal((await browser.visit(link.attribs.href!)).status, 200)
  })

  it('visitors are counted by their network, and share five times as many', async () => {
    const from = (ip: string) => () => host.browser().visit(`${BASE}/sign-in`, { 'X-Forwarded-For': ip })
    const { answered } = await askUntilRefused(from('198.51.100.7'), 700)
    assert.equal(answered, 600)
    assert.equal((await from('198.51.100.8')()).status, 200)
  })

  it('as the option says', async () => {
    const strict = await startHost({ requestsPerMinute: 4 })
    try {
      const browser = await signedIn(strict)
      assert.equal((await askUntilRefused(() => browser.visit(`${BASE}/`))).answered, 4)
    } finally {
      await strict.close()
    }
  })
})

describe("security.rateLimit, for the host's routes", () => {
  let host: Host
  before(async () => {
    host = await startHost({
      before: (app) => app.set('trust proxy', 1),
      routes: (app, security) => {
        app.get('/search', security.rateLimit({ points: 3, per: '1m' }), (_req, res) => void res.json({}))
        app.get('/export', security.rateLimit({ points: 3, per: '1m' }), (_req, res) => void res.json({}))
        const both = [security.rateLimit({ points: 9, per: '1h' }), security.rateLimit({ points: 2, per: '10s' })]
        app.get('/both', ...both, (_req, res) => void res.json({}))
        app.get('/brief', security.rateLimit({ points: 1, per: '1s' }), (_req, res) => void res.json({}))
        const key: Limit['key'] = (req) => req.get('x-account') ?? null
        app.get('/account', security.rateLimit({ points: 2, per: '1m', key }), (_req, res) => void res.json({}))
      },
    })
  })
  after(() => host.close())

  it('tells each answer what is left, and a refusal when to try again', async () => {
    const visitor = host.browser()
    const told: unknown[] = []
    for (let i = 0; i < 4; i += 1) {
      const { status, response } = await visitor.json('/search')
      told.push([status, response.headers['ratelimit-policy'], response.headers.ratelimit])
    }
    const policy = '"3-per-1m";q=3;w=60'
    const left = (r: number) => `"3-per-1m";r=${r};t=60`
    assert.deepEqual(told, [
      [200, policy, left(2)],
      [200, policy, left(1)],
      [200, policy, left(0)],
      [429, policy, left(0)],
    ])
    const json = await visitor.json('/search')
    assert.deepEqual([json.json.code, json.json.retryAfter], ['too_many_requests', retryAfter(json)])
    const page = await visitor.visit('/search?q=oranges')
    assert.match(page.text, /Please wait .* Try again in \d+ seconds/)
    assert.equal(page.$('a:contains("Try again")').attr('href'), '/search?q=oranges')
    assert.equal((await visitor.json('/export')).status, 200, 'each limit counts for itself')
  })

  it('counts a user by who they are, and a visitor by the network', async () => {
    const [phone, laptop] = [await signedIn(host), await signedIn(host)]
    let turn = 0
    const asAda = () =>
      [phone, laptop][(turn += 1) % 2]!.json('/search', undefined, { 'X-Forwarded-For': `10.0.0.${turn}` })
    assert.equal((await askUntilRefused(asAda)).answered, 3)
    const site = (i: number) => host.browser().json('/search', undefined, { 'X-Forwarded-For': `2001:db8:0:9::${i}` })
    assert.equal((await askUntilRefused(() => site((turn += 1)))).answered, 3)
    assert.equal(
      (await host.browser().json('/search', undefined, { 'X-Forwarded-For': '2001:db8:0:a::1' })).status,
      200,
    )
  })

  it('counts by a key of yours, and as usual where there is none', async () => {
    const of = (account: string | null) => () =>
      host.browser().json('/account', undefined, account === null ? {} : { 'X-Account': account })
    for (const account of ['a1', 'a2', null])
      assert.equal((await askUntilRefused(of(account))).answered, 2, `${account}`)
  })

  it('with two limits the stricter one decides, and both are told', async () => {
    const { answered, refusal } = await askUntilRefused(() => host.browser().json('/both'))
    assert.equal(answered, 2)
    assert.equal(refusal.response.headers['ratelimit-policy'], '"9-per-1h";q=9;w=3600, "2-per-10s";q=2;w=10')
    assert.match(refusal.response.headers.ratelimit as string, /^"9-per-1h";r=6;t=\d+, "2-per-10s";r=0;t=\d+$/)
    assert.ok(retryAfter(refusal) <= 10)
  })

  it('lets pass again when the time is over', async () => {
    const { refusal } = await askUntilRefused(() => host.browser().json('/brief'))
    assert.equal(retryAfter(refusal), 1)
    await until('the second is over', async () => (await host.browser().json('/brief')).status === 200, 5_000)
  })

  const wrong: [string, unknown, RegExp][] = [
    ['no points', { points: 0, per: '1m' }, /points is 0; write how many requests/],
    ['half a point', { points: 1.5, per: '1m' }, /points is 1\.5/],
    ['points as a text', { points: '30', per: '1m' }, /points is "30"/],
    ['bare milliseconds', { points: 30, per: 60_000 }, /per is 60000; write a duration such as '1m'/],
    ['a time without a unit', { points: 30, per: '60' }, /per is "60"; write a duration/],
    ['a key that is none', { points: 30, per: '1m', key: 'ip' }, /key must be a function/],
  ]
  for (const [name, given, says] of wrong)
    it(`${name} is refused with what to write`, () =>
      assert.throws(
        () => host.security.rateLimit(given as Limit),
        (error) => error instanceof ConfigurationError && says.test(error.message),
      ))
})

describe('Request limits of several processes on one Redis', function () {
  this.timeout(30_000)
  let server: RedisServer
  let hosts: Host[]
  before(async () => {
    server = await startRedis()
    const one = () =>
      startHost({
        redis: server.url,
        routes: (app, security) => {
          for (const path of ['/search', '/find'])
            app.get(path, security.rateLimit({ points: 4, per: '1m' }), (_req, res) => void res.json({}))
        },
      })
    hosts = [await one(), await one()]
  })
  after(async () => {
    for (const host of hosts) await host.close()
    await server.close()
  })
  const ask = (turn: { i: number }) => () => hosts[(turn.i += 1) % 2]!.browser().json('/search')

  it('are counted together, under a key that names nobody and goes by itself', async () => {
    assert.equal((await askUntilRefused(ask({ i: 0 }))).answered, 4)
    assert.equal((await hosts[0]!.browser().json('/find')).status, 200, 'each limit counts for itself')
    const client = new Redis(server.url)
    const keys = await client.keys('*:limit')
    assert.ok(keys.length >= 1)
    for (const key of keys) {
      assert.match(key, /^sallyport:\{[\w-]{43}\}:limit$/)
      const left = await client.pttl(key)
      assert.ok(left > 0 && left <= 60_000, `${left} ms`)
    }
    client.disconnect()
  })

  it('hold on each process alone while Redis is gone: the gate does not open, and no page breaks', async () => {
    await server.stop()
    for (const host of hosts) {
      assert.equal((await askUntilRefused(() => host.browser().json('/find'))).answered, 4)
      assert.equal((await host.browser().visit(`${BASE}/sign-in`)).status, 200)
    }
    await server.start()
  })
})
