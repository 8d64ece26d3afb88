import type { MailFacts, MailKind } from '../src/core/mail.js'
import type { MessageKey } from './messages/keys.js'
import type { Words } from './words.js'

interface Link {
  label: string
  url: string
}

/** What the templates of mails get as `it.model`: words in the reader's language, with nothing left to look up. */
export interface MailModel {
  kind: MailKind
  productName: string
  subject: string
  hello: string
  /** What happened, or what the mail is for. */
  paragraphs: string[]
  /** When, on which device, where. */
  facts: { label: string; value: string }[]
  /** What the mail is for; null: it only tells. */
  action: Link | null
  /** What comes after that link: how long it is good, and what to do if nobody asked for it. */
  after: string[]
  /** Of a notice: what to do if it was not you; else null. */
  notYou: { text: string; notMe: Link; secure: Link } | null
  footer: string[]
}

/** The title of each mail, and what it says. */
const TEXTS: Record<MailKind, [subject: MessageKey, text: MessageKey]> = {
  password_changed: ['mail.password_changed.subject', 'mail.password_changed.text'],
  password_reset: ['mail.password_reset.subject', 'mail.password_reset.text'],
  email_changed: ['mail.email_changed.subject', 'mail.email_changed.text'],
  two_factor_enabled: ['mail.two_factor_enabled.subject', 'mail.two_factor_enabled.text'],
  two_factor_disabled: ['mail.two_factor_disabled.subject', 'mail.two_factor_disabled.text'],
  recovery_codes_regenerated: ['mail.codes_regenerated.subject', 'mail.codes_regenerated.text'],
  recovery_code_used: ['mail.code_used.subject', 'mail.code_used.text'],
  passkey_added: ['mail.passkey_added.subject', 'mail.passkey_added.text'],
  passkey_removed: ['mail.passkey_removed.subject', 'mail.passkey_removed.text'],
  new_device: ['mail.new_device.subject', 'mail.new_device.text'],
  suspicious_sign_in: ['mail.suspicious.subject', 'mail.suspicious.text'],
  admin_reset: ['mail.admin_reset.subject', 'mail.admin_reset.text'],
  reset_link: ['mail.reset_link.subject', 'mail.reset_link.text'],
  invitation_link: ['mail.invitation.subject', 'mail.invitation.text'],
  sso_instead_of_reset: ['mail.sso.subject', 'mail.sso.text'],
}

/** Two-factor was on already. */
const REPLACED: (typeof TEXTS)[MailKind] = ['mail.app_replaced.subject', 'mail.app_replaced.text']

const FEW_CODES = 3

/** What somebody does whom a notice is news to. */
const notYouOf = (facts: MailFacts): MessageKey =>
  facts.kind === 'admin_reset' ? 'mail.not_you_asked' : asksForMore(facts) ? 'mail.not_you_only' : 'mail.not_you'

/** True: the notice itself asks for something, so that not even its reader has nothing to do. */
const asksForMore = ({ kind, params }: MailFacts) => kind === 'recovery_code_used' && Number(params.count) <= FEW_CODES

/** Untrusted words become plain ones, all of them before they meet ours. */
export function mailModel(facts: MailFacts, words: Words): MailModel {
  const product = oneLine(facts.productName)
  const name = plain(facts.name)
  const params = {
    product,
    ...Object.fromEntries(Object.entries(facts.params).map(([key, value]) => [key, said(value)])),
  }
  const [subject, text] =
    facts.kind === 'two_factor_enabled' && facts.params.replaced === 1 ? REPLACED : TEXTS[facts.kind]
  const value = (label: MessageKey, what: string) => ({ label: words.t(label), value: what })
  const { browser, system } = facts.device
  const where =
    facts.ip === null
      ? []
      : [
          value(
            'mail.fact.device',
            words.device({ browser: browser && plain(browser), system: system && plain(system) }),
          ),
          ...(facts.location ? [value('mail.fact.place', plain(facts.location))] : []),
          value('mail.fact.ip', facts.ip),
        ]
  return {
    kind: facts.kind,
    productName: product,
    subject: words.t(subject, params),
    hello: name ? words.t('mail.hello', { name }) : words.t('mail.hello_nobody'),
    paragraphs: [words.t(text, params), ...moreOf(facts, params, words)],
    facts: [value('mail.fact.when', words.exactly(iso(facts.occurredAt))), ...where],
    action: actionOf(facts, words),
    after: afterOf(facts, words),
    notYou:
      facts.notMeUrl !== null
        ? {
            text: words.t(notYouOf(facts)),
            notMe: { label: words.t('mail.not_me'), url: facts.notMeUrl },
            secure: { label: words.t('mail.secure'), url: facts.secureUrl },
          }
        : null,
    footer: [
      words.t('mail.why', { product }),
      ...(facts.support ? [words.t('mail.support', { support: facts.support.replace(/^mailto:/, '') })] : []),
    ],
  }
}

type Params = Record<string, string | number>

/** What some notices say beside. */
function moreOf(facts: MailFacts, params: Params, words: Words): string[] {
  const { kind } = facts
  if (kind === 'email_changed') return [words.t('mail.email_changed.not_you')]
  if (kind !== 'recovery_code_used') return []
  const left = Number(params.count)
  return [
    words.t('mail.code_used.left', { count: left }),
    ...(asksForMore(facts) ? [words.t('mail.code_used.few')] : []),
  ]
}

function actionOf({ kind, link, signInUrl, secureUrl }: MailFacts, words: Words): Link | null {
  if (kind === 'email_changed') return { label: words.t('mail.secure'), url: secureUrl }
  if (kind === 'sso_instead_of_reset') return { label: words.t('mail.sso.action'), url: signInUrl }
  if (!link) return null
  return {
    label: kind === 'reset_link' ? words.t('mail.reset_link.action') : words.t('mail.invitation.action'),
    url: link.url,
  }
}

function afterOf({ kind, link }: MailFacts, words: Words): string[] {
  if (kind === 'sso_instead_of_reset') return [words.t('mail.sso.not_asked')]
  if (!link) return []
  const notAsked = kind === 'reset_link' ? words.t('mail.reset_link.not_asked') : words.t('mail.invitation.not_asked')
  return [words.t('mail.link.once', { until: words.exactly(iso(link.until)) }), notAsked]
}

const iso = (at: number) => new Date(at).toISOString()

const LONGEST = 80

/** One line, without what turns the direction of writing round. */
const oneLine = (text: string) =>
  text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .trim()

/** Text of others: short, and nothing that a mail app makes a link of, so that no stranger's link stands in our mail. */
const plain = (text: string) =>
  [...oneLine(text)]
    .slice(0, LONGEST)
    .join('')
    .replace(/[.:/@](?=\S)/g, '$&\u2060')

const said = (value: string | number) => (typeof value === 'number' ? value : plain(value))

/** No more than one empty line after another, and none at the ends. */
export const tidy = (text: string): string =>
  `${text
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`
