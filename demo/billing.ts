import express, { type Router } from 'express'
import type { Security } from 'sallyport'
import { Html, css, html, layout } from './html.js'
import type { DemoMails } from './mails.js'
import { demoPasswords, findByEmail, people } from './people.js'

const INVOICES = [
  ['2026-014', 'Harbour Bakery', '€ 420.00'],
  ['2026-015', 'Nordlys Studio', '€ 1,310.50'],
  ['2026-016', 'Tallow & Sons', '€ 87.20'],
] as const

/** The routes of a small billing app. Those that need protection ask `security` for a guard; nothing else changed. */
export function billing(security: Security, mails: DemoMails): Router {
  const app = express.Router()

  app.get('/', (_req, res) => void res.send(layout('Ledgerly', welcome())))
  app.get('/ledgerly.css', (_req, res) => void res.type('css').send(css))

  app.get('/invoices', security.requireSession(), (req, res) => {
    const hello = html`<p>Hello ${req.security.user?.name ?? ''}, these are your invoices.</p>`
    res.send(layout('Invoices', html`${hello}${table()}`))
  })
  app.get('/payouts', security.requireStepUp({ maxAge: '10m' }), (_req, res) => {
    res.send(layout('Payouts', html`<p>€ 1,817.70 will be paid out on Friday.</p>`))
  })
  app.get('/api/invoices', security.requireApiKey({ scopes: ['invoices:read'] }), (_req, res) => {
    res.json({ invoices: INVOICES.map(([number, customer, total]) => ({ number, customer, total })) })
  })

  app.get('/live', security.requireSession(), (req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    res.write('data: {"hello":"live"}\n\n')
    const beat = setInterval(() => res.write(': beat\n\n'), 15_000)
    res.on('close', () => clearInterval(beat))
    req.security.signal.addEventListener('abort', () => res.end('event: ended\ndata: {}\n\n'))
  })

  app.get('/demo/outbox', (_req, res) => void res.json(mails.newestFirst()))
  app.post('/demo/sign-in-as-tove', (req, res, next) => {
    const tove = findByEmail('tove@globex.test')!
    security.signIn(req, tove, { amr: ['fed'] }).then(() => res.redirect(303, '/invoices'), next)
  })
  return app
}

function table(): Html {
  const rows = INVOICES.map(
    ([number, customer, total]) =>
      html`<tr>
        <td>${number}</td>
        <td>${customer}</td>
        <td class="amount">${total}</td>
      </tr>`,
  )
  return html`<table>
    <thead>
      <tr>
        <th>Number</th>
        <th>Customer</th>
        <th class="amount">Total</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

/** An address that a narrow table may break after the @. */
const breakable = (email: string) => html`${email.replace(/@.*/, '@')}<wbr />${email.replace(/.*@/, '')}`

function welcome(): Html {
  const rows = people.map(
    ({ id, name, email, company }) =>
      html`<tr>
        <td>${breakable(email)}<br /><small>${name}, ${company}</small></td>
        <td>${demoPasswords[id] ? html`<code>${demoPasswords[id]}</code>` : 'single sign-on'}</td>
      </tr>`,
  )
  return html`<p>A small billing app that was there before Sallyport. Sign in as one of these people:</p>
    <table>
      <thead>
        <tr>
          <th>E-mail</th>
          <th>Password</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    <form method="post" action="/demo/sign-in-as-tove">
      <p><button>Sign in as Tove, as her identity provider would</button></p>
    </form>
    <p><a href="/account/security/">Open the Security page</a></p>`
}
