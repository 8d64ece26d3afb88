import assert from 'node:assert/strict'
import { BASE } from '../support/browser.js'
import { startHost, type Host } from '../support/host.js'

const CHANGE = '/.well-known/change-password'
const FILE = '/.well-known/security.txt'
const YEAR_MS = 365 * 86_400_000

describe('Addresses at the root of the origin', () => {
  let host: Host
  afterEach(() => host?.close())

  it('a password manager is led to where the password is changed, without a cookie', async () => {
    host = await startHost()
    const page = await host.browser().visit(CHANGE)
    assert.deepEqual([page.status, page.location], [302, `${BASE}/#password`])
    assert.equal(page.response.headers['set-cookie'], undefined)
    assert.equal((await host.browser().post(CHANGE, {})).status, 404)
  })

  it('or to the page of the app that changes it', async () => {
    host = await startHost({ passwords: { changePath: '/profile/password' } })
    assert.equal((await host.browser().visit(CHANGE)).location, '/profile/password')
  })

  it('security.txt names whom a finder of a vulnerability writes to, for less than a year', async () => {
    host = await startHost({ securityContact: 'mailto:security@acme.test' })
    const page = await host.browser().visit(FILE)
    assert.deepEqual([page.status, page.response.headers['content-type']], [200, 'text/plain; charset=utf-8'])
    const fields = Object.fromEntries(
      page.response.text
        .trim()
        .split('\n')
        .map((line) => /^([\w-]+): (.+)$/.exec(line)!.slice(1) as [string, string]),
    )
    const { Expires, ...rest } = fields
    assert.deepEqual(rest, {
      Contact: 'mailto:security@acme.test',
      Canonical: `${new URL(host.url).origin}${FILE}`,
      'Preferred-Languages': 'en',
    })
    assert.match(Expires!, /^\d{4}-\d\d-\d\dT00:00:00Z$/)
    const ahead = Date.parse(Expires!) - host.clock.now()
    assert.ok(ahead > YEAR_MS / 2 && ahead < YEAR_MS)
    host.clock.advance(2 * YEAR_MS)
    const later = (await host.browser().visit(FILE)).response.text
    assert.ok(Date.parse(/Expires: (.*)/.exec(later)![1]!) > host.clock.now())
  })

  it('without a contact the file is the app’s own to answer, and no page names anybody', async () => {
    host = await startHost({ routes: (app) => app.get(FILE, (_req, res) => void res.type('text').send('ours')) })
    assert.equal((await host.browser().visit(FILE)).response.text, 'ours')
    assert.equal((await host.browser().visit(`${BASE}/sign-in`)).$('footer').length, 0)
  })

  it('every page of ours says where to report a vulnerability; a mail has its subject', async () => {
    for (const [securityContact, href] of [
      ['mailto:security@acme.test', 'mailto:security@acme.test?subject=Security%20report'],
      ['https://acme.test/security', 'https://acme.test/security'],
    ] as const) {
      host = await startHost({ securityContact })
      for (const path of ['/sign-in', '/nothing']) {
        const link = (await host.browser().visit(BASE + path)).$('footer a')
        assert.deepEqual([link.text(), link.attr('href')], ['Report a vulnerability', href])
      }
      await host.close()
    }
    host = await startHost()
  })

  it('refuses a contact that is none', async () => {
    for (const securityContact of ['security@acme.test', 'http://acme.test', 'mailto:a@b?bcc=c@d', 'mailto:a@b\nX: y'])
      await assert.rejects(startHost({ securityContact }), /securityContact must be an address such as/)
    host = await startHost()
  })
})
