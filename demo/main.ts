import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import express from 'express'
import { createSecurity } from 'sallyport'
import { billing } from './billing.js'
import { DemoMails } from './mails.js'
import { navigation } from './navigation.js'
import { demoPasswords, findByEmail, findById } from './people.js'

if (process.env.NODE_ENV === 'production') {
  console.error('The demo has well-known passwords and does not run with NODE_ENV=production.')
  process.exit(1)
}

const port = Number(process.env.PORT ?? 3000)
const dataDir = process.env.DATA_DIR ?? './.data'
/** Where browsers find it; another address than ours behind a proxy. */
const origin = process.env.ORIGIN ?? `http://localhost:${port}`

/** A secret of this data folder; several processes on one folder share it. */
function secretOf(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'secret')
  try {
    writeFileSync(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch {
    // it is there already
  }
  return readFileSync(file, 'utf8')
}

const mails = new DemoMails(process.env.SMTP_URL)
const security = await createSecurity({
  origin,
  secret: process.env.SALLYPORT_SECRET ?? secretOf(dataDir),
  database: process.env.DATABASE_URL ?? `sqlite:${join(dataDir, 'security.db')}`,
  redis: process.env.REDIS_URL,
  users: { findById, findByEmail },
  mail: (mail) => mails.send(mail),
  locations: process.env.LOCATIONS,
  basePath: '/account/security',
  productName: 'Ledgerly',
  pages: { navigation },
  passwords: { contextWords: ['Sallyport'] },
  support: 'help@ledgerly.test',
  securityContact: 'mailto:security@ledgerly.test',
  secureAccount: { review: { label: 'Review recent invoices', href: '/invoices' } },
})
for (const [id, password] of Object.entries(demoPasswords))
  if (!(await security.passwords.exists(id))) await security.passwords.set(id, password)

const app = express()
if (process.env.TRUST_PROXY) app.set('trust proxy', Number(process.env.TRUST_PROXY))
app.use(security.router)
app.use(billing(security, mails))
app.use(security.errorHandler)

const server = app.listen(port, '127.0.0.1', () => console.log(`Sallyport demo ready: ${origin}`))
security.attachTo(server)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
    security.close().then(() => process.exit(0), console.error)
  })
