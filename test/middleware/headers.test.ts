import assert from 'node:assert/strict'
import { load } from 'cheerio'
import express, { type NextFunction, type Request, type Response } from 'express'
import session from 'express-session'
import helmet from 'helmet'
import supertest from 'supertest'
import { ConfigurationError } from 'sallyport'
import { ada, PASSWORDS, startHost, type Host, type Person } from '../support/host.js'
import { BASE, Browser, Page } from '../support/browser.js'

const CSP =
  "default-src 'none';style-src 'self';script-src 'self';img-src 'self' data:;font-src 'self';" +
  "connect-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'"

/** Exactly these, beside what every answer has. */
const OURS: Record<string, string> = {
  'cache-control': 'no-store',
  'content-security-policy': CSP,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
}
const EVERYBODYS = new Set([
  'allow',
  'connection',
  'content-length',
  'content-type',
  'date',
  'etag',
  'location',
  'set-cookie',
  'vary',
])

const headersOf = (page: Page): Record<string, string> =>
  Object.fromEntries(
    Object.entries(page.response.headers as Record<string, string>).filter(([name]) => !EVERYBODYS.has(name)),
  )

describe('Headers of our pages', () => {
  let host: Host
  before(async () => void (host = await startHost()))
  after(() => host.close())

  async function signedIn(): Promise<Browser> {
    const browser = host.browser()
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    return browser
  }

  it('are the same strict ones on every page, redirect, refusal and JSON answer', async () => {
    const [visitor, member] = [host.browser(), await signedIn()]
    const pages: Record<string, Page> = {
      'the sign-in page': await visitor.visit(`${BASE}/sign-in`),
      'a redirect to it': await visitor.visit(`${BASE}/`),
      'a refused sign-in': await visitor.signIn(ada, 'no'),
      'the Security page': await member.visit(`${BASE}/`),
      'the sessions': await member.visit(`${BASE}/sessions`),
      'its model': await member.json(`${BASE}/sessions`),
      'step-up': await member.visit(`${BASE}/step-up`),
      'a missing page': await member.visit(`${BASE}/no-such-page`),
      'a missing asset': await member.visit(`${BASE}/assets/no-such.css`),
      'a forged post': await member.post(`${BASE}/password`, {}),
      'a refusal in JSON': await member.json(`${BASE}/password`, {}),
      'a wrong method': await member.post(`${BASE}/sessions`, {}),
      'a junk body': await member.post(`${BASE}/sign-in`, {}, { 'Content-Encoding': 'gzip' }),
      'a session that ended': await member.submit(await member.visit(`${BASE}/`), '/sign-out'),
    }
    for (const [name, page] of Object.entries(pages)) assert.deepEqual(headersOf(page), OURS, name)
    assert.deepEqual(
      Object.values(pages).map((page) => page.status),
      [200, 303, 422, 200, 200, 200, 200, 404, 404, 403, 403, 405, 400, 303],
    )
  })

  it('hold in the pages: nothing inline, nothing from elsewhere', async () => {
    const member = await signedIn()
    for (const path of ['/', '/sessions', '/step-up', '/no-such-page']) {
      const { $ } = await member.visit(BASE + path)
      assert.equal($('style, [style], script:not([src]), base, iframe').length, 0, path)
      for (const node of $('*').toArray())
        for (const [name, value] of Object.entries('attribs' in node ? node.attribs : {})) {
          assert.doesNotMatch(name, /^on/, path)
          if (['src', 'href', 'action', 'formaction'].includes(name)) assert.match(value, /^(\/(?!\/)|#|data:,$)/, path)
        }
    }
  })

  it("the host's own pages carry none of them, and no cookie of ours", async () => {
    const member = await signedIn()
    for (const page of [await host.browser().visit('/'), await member.visit('/'), await member.visit('/invoices')]) {
      assert.equal(page.status, 200)
      assert.deepEqual(headersOf(page), { 'x-powered-by': 'Express' })
      assert.equal(page.response.headers['set-cookie'], undefined)
    }
  })

  it('a refusal on a page of the host is not kept by caches', async () => {
    for (const page of [await host.browser().visit('/invoices'), await host.browser().json('/invoices')]) {
      assert.equal(page.response.headers['cache-control'], 'no-store')
      assert.equal(page.response.headers['set-cookie'], undefined)
    }
  })

  it('style sheets are named by their content, and kept for ever', async () => {
    const { $ } = await host.browser().visit(`${BASE}/sign-in`)
    const sheets = $('link[rel=stylesheet]')
      .toArray()
      .map((link) => $(link).attr('href')!)
    assert.ok(sheets.length > 0)
    for (const href of sheets) {
      assert.match(href, /^\/security\/assets\/[a-z]+-[0-9a-f]{12}\.css$/)
      const page = await host.browser().visit(href)
      assert.equal(page.status, 200)
      assert.match(page.response.type, /text\/css/)
      assert.equal(page.response.headers['cache-control'], 'public, max-age=31536000, immutable')
      assert.equal(page.response.headers['x-content-type-options'], 'nosniff')
      assert.equal(page.response.headers['set-cookie'], undefined)
    }
    for (const name of ['..%2f..%2fpackage.json', '%2e%2e/package.json', 'sallyport.css', '__proto__', 'constructor'])
      assert.equal((await host.browser().visit(`${BASE}/assets/${name}`)).status, 404, name)
  })

  it('a method that an address does not answer gets 405, with those it does', async () => {
    const allowed: [string, string, string][] = [
      ['PUT', '/sign-in', 'GET, POST, HEAD'],
      ['DELETE', '/sessions', 'GET, HEAD'],
      ['PATCH', '/', 'GET, HEAD'],
      ['GET', '/sign-out', 'POST'],
      ['GET', '/password', 'POST'],
      ['PUT', '/sessions/some/revoke', 'GET, POST, HEAD'],
      ['PROPFIND', '/step-up', 'GET, POST, HEAD'],
    ]
    for (const [method, path, allow] of allowed) {
      const response = await fetch(host.url + BASE + path, { method, headers: { accept: 'application/json' } })
      assert.equal(response.status, 405, `${method} ${path}`)
      assert.equal(response.headers.get('allow'), allow, `${method} ${path}`)
      assert.equal(((await response.json()) as { code: string }).code, 'method_not_allowed')
    }
    const head = await fetch(`${host.url}${BASE}/sign-in`, { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
  })

  it('an address that is none gets a page, or problem+json', async () => {
    const page = await host.browser().visit(`${BASE}/no-such-page`)
    assert.equal(page.status, 404)
    assert.match(page.text, /Page not found/)
    const json = await host.browser().json(`${BASE}/no-such-page`)
    assert.equal(json.status, 404)
    assert.match(json.response.type, /^application\/problem\+json/)
    assert.deepEqual(json.json, { title: 'not_found', status: 404, code: 'not_found' })
  })
})

describe('A host that has headers of its own', () => {
  it('keeps them on its pages; ours have one policy, ours', async () => {
    const host = await startHost({ before: (app) => app.use(helmet()) })
    try {
      const own = (await host.browser().visit('/')).response.headers['content-security-policy'] as string
      assert.match(own, /script-src-attr 'none'/)
      for (const path of ['/sign-in', '/no-such-page']) {
        const page = await host.browser().visit(BASE + path)
        assert.equal(page.response.headers['content-security-policy'], CSP)
        assert.equal(page.response.headers['referrer-policy'], 'same-origin')
        assert.equal(page.response.headers['x-frame-options'], 'DENY')
      }
      assert.equal((await host.browser().visit('/')).response.headers['content-security-policy'], own)
    } finally {
      await host.close()
    }
  })

  it('may have read the body already, and have settings, locals and views of its own', async () => {
    const host = await startHost({
      before: (app) => {
        app.use(express.json(), express.urlencoded({ extended: true }))
        app.disable('x-powered-by')
        app.set('view engine', 'none')
      },
    })
    try {
      const browser = host.browser()
      assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
      assert.ok(await browser.isSignedIn())
      const bracketed = await browser.post(`${BASE}/sign-in`, { 'email[$ne]': '1', 'password[]': 'x' })
      assert.equal(bracketed.status, 403)
      assert.equal((await browser.visit('/')).response.headers['x-powered-by'], undefined)
    } finally {
      await host.close()
    }
  })
})

describe('A host that has an express-session of its own before us', () => {
  it('is told to take it out', async () => {
    const host = await startHost({
      before: (app) => app.use(session({ secret: 'x', resave: false, saveUninitialized: false })),
      routes: (app) => {
        app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
          assert.ok(error instanceof ConfigurationError)
          res.status(500).json({ message: error.message })
        })
      },
    })
    try {
      const page = await host.browser().json('/')
      assert.match(String(page.json.message), /express-session of your own.*take it out/)
    } finally {
      await host.close()
    }
  })
})

describe('An https origin', () => {
  const ORIGIN = 'https://app.example.test'
  const TLS = { 'X-Forwarded-Proto': 'https' }

  it('has __Host- cookies, Secure, and HSTS on our pages', async () => {
    const host = await startHost({ origin: ORIGIN, before: (app) => app.set('trust proxy', 1) })
    try {
      const form = new Page(await supertest(host.url).get(`${BASE}/sign-in`).set(TLS))
      assert.equal(form.status, 200)
      assert.deepEqual(headersOf(form), { ...OURS, 'strict-transport-security': 'max-age=31536000; includeSubDomains' })
      const [visitor] = form.response.headers['set-cookie'] as unknown as string[]
      assert.match(visitor!, /^__Host-sallyport_form=.*; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/)

      const sent = { ...TLS, Cookie: visitor!.split(';')[0]!, Origin: ORIGIN }
      const typed = { email: ada.email, password: PASSWORDS.u1, ...form.fieldsOf('/sign-in') }
      const done = await supertest(host.url).post(`${BASE}/sign-in`).set(sent).type('form').send(typed)
      assert.equal(done.status, 303)
      const lines = done.headers['set-cookie'] as unknown as string[]
      const session = lines.find((line) => line.startsWith('__Host-sallyport='))
      assert.match(session ?? '', /; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/)
      assert.doesNotMatch(lines.join(), /Domain/i)
      const invoices = supertest(host.url).get('/invoices')
      assert.equal((await invoices.set({ ...TLS, Cookie: session!.split(';')[0]! })).status, 200)
      const forged = { ...sent, Origin: `http://${new URL(ORIGIN).host}` }
      assert.equal((await supertest(host.url).post(`${BASE}/sign-in`).set(forged).type('form').send(typed)).status, 403)
    } finally {
      await host.close()
    }
  })

  it('behind a proxy that is not trusted is a ConfigurationError that says what to write', async () => {
    const host = await startHost({ origin: ORIGIN })
    try {
      const page = new Page(await supertest(host.url).get(`${BASE}/sign-in`).set(TLS))
      assert.equal(page.status, 500)
      assert.doesNotMatch(page.response.text, /trust proxy/)
      assert.equal(page.response.headers['set-cookie'], undefined)
      const [error] = host.errors
      assert.ok(error instanceof ConfigurationError)
      assert.match(error.message, /app\.set\('trust proxy', 1\)/)
    } finally {
      await host.close()
    }
  })
})

describe('Untrusted text', () => {
  const SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
  const mallory: Person = { id: 'u6', email: `mallory'"<b>@acme.test`, name: `Mallory ${SCRIPT} &amp;` }
  const PASSWORD = 'Amber-Window-31-Flute'

  it('is text wherever it is shown: names, e-mail, User-Agent, address, what was typed', async () => {
    const host = await startHost({
      people: [mallory],
      productName: `Shop ${SCRIPT}`,
      before: (app) => app.set('trust proxy', 1),
    })
    try {
      await host.security.passwords.set(mallory.id, PASSWORD)
      const browser = host.browser(`${SCRIPT} Firefox/140.0`)
      const other = host.browser(`Mozilla/5.0 (X11; Linux x86_64; rv:1.0) ${SCRIPT}/1 Firefox/140.0`)
      const typed = await browser.visit(`${BASE}/sign-in?${new URLSearchParams({ returnTo: `/${SCRIPT}` }).toString()}`)
      const pages = [typed, await browser.submit(typed, '/sign-in', { email: SCRIPT, password: SCRIPT })]
      for (const each of [browser, other]) {
        const form = await each.visit(`${BASE}/sign-in`)
        const login = { email: mallory.email, password: PASSWORD }
        const done = await each.submit(form, '/sign-in', login, { 'X-Forwarded-For': `<script>alert(3)</script>` })
        assert.equal(done.status, 303)
      }
      for (const path of ['/', '/sessions', '/step-up', `/${encodeURIComponent(SCRIPT)}`])
        pages.push(await browser.visit(BASE + path))
      pages.push(await browser.json(`${BASE}/sessions`), await browser.json(`${BASE}/${encodeURIComponent(SCRIPT)}`))
      for (const page of pages) {
        const $ = load(page.response.type.includes('html') ? page.response.text : '')
        assert.equal($('script:not([src^="/security/assets/"]), img, b').length, 0, page.response.text)
        assert.equal($('[onerror]').length, 0)
        assert.match(page.response.headers['x-content-type-options'] as string, /nosniff/)
      }
      assert.match(pages[2]!.text, /Mallory "><script>alert\(1\)<\/script>.* &amp;/)
      assert.doesNotMatch(pages[3]!.text, /alert\(3\)/, 'what is no address is not shown as one')
      assert.equal(pages[1]!.$('[name=email]').attr('value'), SCRIPT)
    } finally {
      await host.close()
    }
  })
})
