import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { PageOptions } from 'sallyport'
import { BASE } from '../support/browser.js'
import { until } from '../support/clock.js'
import { ada, PASSWORDS, startHost, type Host, type HostOptions } from '../support/host.js'
import { ownTemplates } from '../support/own-templates.js'

const EJS = fileURLToPath(new URL('../../../test/views/ejs', import.meta.url))
const BROKEN = new Error('the template is broken')

type Render = NonNullable<PageOptions['render']>

/** How an engine fails before anything of it was sent. */
const FAILURES: Record<string, Render> = {
  throws: () => {
    throw BROKEN
  },
  rejects: async () => Promise.reject(BROKEN),
  'throws after it has set a status and headers': (res, _name, _model) => {
    res.status(500).type('text')
    throw BROKEN
  },
  "leaves its error to the request's next handler": (res, _name, _model) => res.req.next!(BROKEN),
  'does both': (res, _name, _model) => {
    setImmediate(() => res.req.next!(BROKEN))
    throw BROKEN
  },
}

describe("A render of the host's that", () => {
  let host: Host
  afterEach(() => host?.close())
  const start = async (render: Render, options: HostOptions = {}) => {
    host = await startHost({ pages: { render }, ...options })
    return host.browser()
  }

  for (const [how, render] of Object.entries(FAILURES))
    it(`${how} is reported, and ours is shown: one signs in all the same`, async () => {
      const browser = await start(render)
      const form = await browser.visit(`${BASE}/sign-in`)
      assert.deepEqual([form.status, form.response.type, form.$('h1').text()], [200, 'text/html', 'Sign in'])
      const fields = { email: ada.email, password: 'wrong' }
      assert.equal((await browser.submit(form, '/sign-in', fields)).status, 422)
      assert.equal((await browser.submit(form, '/sign-in', { ...fields, password: PASSWORDS.u1! })).status, 303)
      assert.equal((await browser.visit(`${BASE}/nothing`)).status, 404)
      assert.ok(host.errors.length > 0 && host.errors.every((error) => error === BROKEN), String(host.errors))
    })

  it('renders a template that is not there, or fails, with res.render is reported, and ours is shown', async () => {
    const folder = await ownTemplates({ 'sign-in.ejs': '<%= no.such.thing %>' })
    const browser = await start((res, name, model) => res.render(name, model), {
      before: (app) => app.set('view engine', 'ejs').set('views', [folder.path, EJS]),
    })
    assert.equal((await browser.visit(`${BASE}/sign-in`)).$('h1').text(), 'Sign in')
    await browser.signIn(ada, PASSWORDS.u1!)
    assert.equal((await browser.visit(`${BASE}/sessions`)).$('h1').text(), 'Active sessions')
    assert.match((await browser.visit(`${BASE}/`)).text, /Rendered by EJS/, 'what there is is shown')
    const told = host.errors.map(String).join()
    assert.match(told, /no is not defined/)
    assert.match(told, /Failed to lookup view "sessions"/)
    await folder.remove()
  })

  it('throws when its page was sent is reported, and the page is whole', async () => {
    const browser = await start((res, _name, _model) => {
      res.send('<h1>Ours</h1>')
      throw BROKEN
    })
    for (let i = 0; i < 2; i += 1) assert.equal((await browser.visit(`${BASE}/sign-in`)).text, 'Ours')
    assert.deepEqual(host.errors[0], BROKEN)
  })

  it('throws when half of it was sent ends that answer, so that it does not look like a whole one', async () => {
    const browser = await start((res, _name, _model) => {
      res.write('<h1>Ou')
      throw BROKEN
    })
    await assert.rejects(browser.visit(`${BASE}/sign-in`), /aborted|socket hang up|ECONNRESET/)
    assert.deepEqual(host.errors, [BROKEN])
    assert.equal((await browser.visit('/')).text, 'welcome', 'the process lives')
  })

  it('says false when it has sent something has sent it', async () => {
    const browser = await start((res, _name, _model) => {
      res.send('<h1>Ours</h1>')
      return false
    })
    assert.equal((await browser.visit(`${BASE}/sign-in`)).text, 'Ours')
    assert.deepEqual(host.errors, [])
  })

  it('answers later, by a promise or by a callback, is waited for', async () => {
    const later: Render[] = [
      async (res, _name, _model) => {
        await new Promise((done) => setImmediate(done))
        res.send('<h1>Ours</h1>')
      },
      (res, _name, _model) => void setImmediate(() => res.send('<h1>Ours</h1>')),
      async () => Promise.resolve(false),
    ]
    for (const [i, render] of later.entries()) {
      const browser = await start(render)
      assert.equal((await browser.visit(`${BASE}/sign-in`)).$('h1').text(), ['Ours', 'Ours', 'Sign in'][i])
      if (i < 2) await host.close()
    }
  })

  it('fails when the client has gone harms nobody', async () => {
    let fail = () => {}
    let isAsked = false
    const browser = await start(async () => {
      isAsked = true
      await new Promise<void>((_done, failed) => (fail = () => failed(BROKEN)))
    })
    const leaving = new AbortController()
    const left = fetch(`${host.url}${BASE}/sign-in`, { headers: { accept: 'text/html' }, signal: leaving.signal })
    await until('the page is asked for', () => isAsked)
    leaving.abort()
    await assert.rejects(left)
    fail()
    await until('it is reported', () => host.errors.length === 1)
    assert.equal((await browser.visit('/')).text, 'welcome')
  })
})
