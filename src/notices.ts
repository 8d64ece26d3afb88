import type { Renderer } from '../views/renderer.js'
import type { Configuration } from './configuration.js'
import { isNotice, LINK_MS, type Mail } from './core/mail.js'
import type { User } from './core/users.js'
import { namedAddress } from './features/notices/addresses.js'
import { Dispatcher } from './features/notices/dispatcher.js'
import { languagesIn } from './features/notices/languages.js'
import { NotMeLinks } from './features/notices/not-me.js'
import { Outbox, type MailOrder } from './features/notices/outbox.js'
import { noticesOf } from './features/notices/subscriber.js'
import { openTransport } from './features/notices/transport.js'
import { deviceOf, type Locate } from './features/sessions/devices.js'
import type { Database } from './stores/sql/database.js'

/** A machine wrote it, and reads no answer (RFC 3834, 5). */
const HEADERS = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' }

/** Everything about mails, joined: what writes them down, and what sends them. */
export function openNotices(config: Configuration, db: Database, locate: Locate) {
  const { clock, envelopes, mail, isNoticeOn, users, report } = config
  const outbox = new Outbox({ db, clock, envelopes, enabled: mail !== null, isNoticeOn })
  const notMe = new NotMeLinks(config.secret, clock)
  return {
    outbox,
    notMe,
    writeNotice: noticesOf(outbox),
    /** Begins to send. Returns how to stop; null: the host has no mail. */
    startDispatcher: async (renderer: Renderer) => {
      if (mail === null) return null
      const render = mailRenderer(config, { renderer, notMe, locate })
      return new Dispatcher({ outbox, users, transport: await openTransport(mail), render, report })
    },
  }
}

/** Makes a mail of an order: in the user's language, for one address. */
function mailRenderer(
  { users, productName, mailFrom, origin, basePath, support, clock, report }: Configuration,
  { renderer, notMe, locate }: { renderer: Renderer; notMe: NotMeLinks; locate: Locate },
) {
  const home = origin + basePath
  const saidByHost = (user: User): unknown => {
    try {
      return users.languageOf(user)
    } catch (error) {
      report(error) // nobody is kept from a mail by the language that it is in
      return undefined
    }
  }
  const languageFor = (order: MailOrder, user: User): string => {
    const wanted = [saidByHost(user), ...languagesIn(order.origin.language)]
    const nearest = wanted.map((each) => (typeof each === 'string' ? renderer.nearestLanguage(each) : undefined))
    return nearest.find((each) => each !== undefined) ?? renderer.languages[0]!
  }
  return (order: MailOrder, user: User, { id, address }: { id: string; address: string }): Mail => {
    const { kind, userId, to, occurredAt, path, params = {} } = order
    const { ip, userAgent } = order.origin
    const language = languageFor(order, user)
    const { browser, system } = deviceOf(userAgent)
    const facts = {
      kind,
      name: user.name,
      productName,
      occurredAt,
      device: { browser, system },
      location: locate(ip, language),
      ip,
      params,
      link:
        path === undefined
          ? null
          : { url: origin + path, until: occurredAt + (kind in LINK_MS ? LINK_MS[kind as keyof typeof LINK_MS] : 0) },
      // whoever reads an address that is given up may end nothing in the account
      notMeUrl:
        isNotice(kind) && to === undefined ? `${home}/not-me?token=${notMe.sign(userId, occurredAt, address)}` : null,
      secureUrl: `${home}/secure-account`,
      signInUrl: `${home}/sign-in`,
      support,
    }
    return {
      to: address,
      from: namedAddress(productName, mailFrom),
      ...renderer.mail(facts, { language, now: clock.now() }),
      messageId: `<${id}@${new URL(origin).hostname}>`,
      headers: HEADERS,
    }
  }
}
