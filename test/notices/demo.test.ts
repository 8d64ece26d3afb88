import assert from 'node:assert/strict'
import supertest from 'supertest'
import type { Mail } from 'sallyport'
import { demoPasswords } from '../../demo/people.js'
import { until } from '../support/clock.js'
import { startDemo, type DemoProcess } from '../support/demo.js'
import { startMailServer, type MailServer } from '../support/mail-server.js'
import { freePort, tempFolder } from '../support/services.js'

const PAGES = '/account/security'

describe('The demo and its mails', function () {
  this.timeout(30_000)
  let server: MailServer
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let demo: DemoProcess

  before(async () => {
    ;[server, folder] = await Promise.all([startMailServer(), tempFolder()])
  })
  after(async () => {
    await demo?.stop()
    await Promise.all([server.close(), folder.remove()])
  })

  it('keep every mail for /demo/outbox, and send it to SMTP_URL as well', async () => {
    const port = await freePort()
    demo = await startDemo({ PORT: String(port), DATA_DIR: folder.path, SMTP_URL: server.url })
    const agent = supertest.agent(`http://localhost:${port}`).set('Accept', 'application/json')
    const outbox = async () => (await agent.get('/demo/outbox')).body as Mail[]
    assert.deepEqual(await outbox(), [], 'the people of the demo are told nothing about being made')

    const send = async (page: string, action: string, fields: Record<string, string>) => {
      const { csrfToken } = (await agent.get(PAGES + page)).body as { csrfToken: string }
      const { status, text } = await agent.post(PAGES + action).send({ ...fields, csrfToken })
      assert.equal(status, 200, text)
    }
    await send('/sign-in', '/sign-in', { email: 'grace@acme.test', password: demoPasswords.u2! })
    const newPassword = 'Quartz-Ribbon-64-Lake'
    await send('/', '/password', { currentPassword: demoPasswords.u2!, newPassword, confirmPassword: newPassword })

    await until('the mail', () => server.mails.length === 1, 5_000)
    const [mail, ...more] = await outbox()
    assert.deepEqual(more, [])
    assert.deepEqual(Object.keys(mail!), ['to', 'subject', 'text', 'html'])
    assert.deepEqual([mail!.to, mail!.subject], ['grace@acme.test', 'Your Ledgerly password was changed'])
    const [sent] = server.mails
    assert.deepEqual([sent!.subject, sent!.text?.trim()], [mail!.subject, mail!.text.trim()])
    assert.equal(sent!.html?.trim(), mail!.html.trim())
  })
})
