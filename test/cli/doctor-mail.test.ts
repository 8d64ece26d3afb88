import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { freePort, tempFolder } from '../support/services.js'
import { selfSigned } from './certificate.js'
import { configFile, doctor, STORE_PASSWORD, type Examined } from './run-cli.js'
import { startSmtp, type SmtpWords } from './smtp-listener.js'

describe('sallyport doctor, mail', function () {
  this.timeout(30_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  before(async () => void (folder = await tempFolder()))
  after(() => folder.remove())

  const examine = async (mail: string | undefined, env: NodeJS.ProcessEnv = {}): Promise<Examined> =>
    doctor(await configFile(folder.path, { mail }), [], { env })

  /** Examines a mail server that says these words; `@` stands for its port. */
  async function examined(
    words: SmtpWords,
    address = 'smtp://127.0.0.1:@',
    env: NodeJS.ProcessEnv = {},
  ): Promise<Examined> {
    const server = await startSmtp(words)
    const found = await examine(address.replace(/@$/, String(server.port)), env)
    await server.close()
    return found
  }

  it('that is not set is a warning', async () => {
    const found = await examine(undefined)
    assert.equal(found.level('mail_set'), 'warning')
    assert.match(found.says('mail_set'), /nobody gets a link to reset a password -> write mail: process\.env\.SMTP_URL/)
  })

  it('whose server greets and offers STARTTLS is good', async () => {
    const server = await startSmtp({ extensions: ['PIPELINING', 'STARTTLS', 'HELP'] })
    const found = await examine(`smtp://127.0.0.1:${server.port}`)
    await server.close()
    for (const id of ['mail_reachable', 'mail_tls'] as const) assert.equal(found.level(id), 'ok', id)
    for (const id of ['mail_set', 'mail_sign_in'] as const) assert.equal(found.level(id), undefined, id)
    assert.deepEqual(server.heard[0], 'EHLO localhost\r\n')
    assert.ok(!server.heard.join('').includes('MAIL FROM'), 'no mail is sent')
  })

  it('is understood byte by byte too', async () => {
    const found = await examined(
      { extensions: ['STARTTLS', 'AUTH PLAIN'], slowly: true },
      `smtp://app:${STORE_PASSWORD}@0.0.0.0:@`,
    )
    assert.deepEqual([found.level('mail_reachable'), found.level('mail_tls')], ['ok', 'ok'])
  })

  it('whose server is away, refuses, hangs up or is something else is a problem that says why', async () => {
    const dead = await examine(`smtp://127.0.0.1:${await freePort()}`)
    assert.match(dead.says('mail_reachable'), /ECONNREFUSED.* -> nothing listens there/)
    const refuses = await examined({ greeting: '554 5.7.1 go away' })
    assert.match(refuses.says('mail_reachable'), /it says "554 5\.7\.1 go away" -> correct mail/)
    const web = await examined({ greeting: 'HTTP/1.1 400 Bad Request' })
    assert.match(web.says('mail_reachable'), /no mail server: it speaks something else/)
    const silent = await examined({ greeting: '' })
    assert.match(silent.says('mail_reachable'), /no answer within 5 seconds/)
  })

  it('whose server says a terminal what to do is shown harmlessly', async () => {
    const found = await examined(
      { greeting: `554 \u001B[2J\u001B]0;pwned\u0007 ${STORE_PASSWORD}` },
      `smtp://app:${STORE_PASSWORD}@127.0.0.1:@`,
    )
    assert.match(found.says('mail_reachable'), /it says "554 +\[2J +\]0;pwned +\[hidden\]"/)
    assert.doesNotMatch(found.out, /\\u00|\p{Cc}(?<!\n)/u)
  })

  it('over the network in the clear is a warning, and a problem with a password', async () => {
    const plain = await examined({ extensions: ['AUTH PLAIN'] }, 'smtp://0.0.0.0:@')
    assert.equal(plain.level('mail_tls'), 'warning')
    const password = await examined({ extensions: ['AUTH PLAIN'] }, `smtp://app:${STORE_PASSWORD}@0.0.0.0:@`)
    assert.equal(password.level('mail_tls'), 'problem')
    assert.match(password.says('mail_tls'), /in the clear -> let the server offer STARTTLS, or write mail: 'smtps:/)
    assert.equal((await examined({}, 'smtp://127.0.0.1:@')).level('mail_tls'), 'ok', 'on this machine nobody listens')
  })

  it('with a user, where the server takes no sign-in, is a problem', async () => {
    const found = await examined({ extensions: ['PIPELINING'] }, `smtp://app:${STORE_PASSWORD}@127.0.0.1:@`)
    assert.equal(found.level('mail_sign_in'), 'problem')
    assert.match(found.says('mail_sign_in'), /no sign-in \(AUTH\) -> take user and password out/)
    const takes = await examined({ extensions: ['AUTH=LOGIN'] }, `smtp://app:${STORE_PASSWORD}@127.0.0.1:@`)
    assert.equal(takes.level('mail_sign_in'), undefined)
  })

  it('over smtps:// is encrypted, and its certificate has to be known', async () => {
    const { key, cert } = selfSigned(folder.path)
    const tls = { key: readFileSync(key), cert: readFileSync(cert) }
    const known = await examined({ tls }, 'smtps://localhost:@', { NODE_EXTRA_CA_CERTS: cert })
    assert.match(known.says('mail_tls', 'ok'), /encrypted from the first byte/)
    const unknown = await examined({ tls }, 'smtps://localhost:@')
    assert.match(unknown.says('mail_reachable'), /self-signed certificate.* -> let Node know/)
  })
})
