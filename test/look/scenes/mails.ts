import type { MailFacts, MailKind } from '../../../src/core/mail.js'
import { Renderer } from '../../../views/renderer.js'
import { factsOf } from '../../notices/mail-facts.js'
import { DEVICES } from '../devices.js'
import type { Chapter, Scene } from '../scene.js'

const renderer = new Renderer({
  templates: null,
  messages: {},
  report: (error) => {
    throw error
  },
})

/** A mail, as an app shows it that knows style sheets. */
function mail(name: string, kind: MailKind, about: string, params: MailFacts['params'] = {}, language = 'en'): Scene {
  const facts = factsOf(kind, {
    params: { count: 2, passkey: 'Phone', ...params },
    ...(['admin_reset', 'email_changed', 'invitation_link'].includes(kind) && { ip: null }), // no request of theirs was there
    ...(language === 'de' && { location: 'Lissabon, Portugal' }),
  })
  const { subject, html } = renderer.mail(facts, { language, now: facts.occurredAt })
  return {
    name: `mail-${name}`,
    about,
    seen: subject,
    lead: async (stage) => {
      const page = await stage.open(DEVICES.phone)
      await page.setContent(html)
      return page
    },
    alsoAs: ['phone-dark'],
  }
}

export const mails: Chapter = {
  title: 'Mails',
  scenes: [
    mail('new-device', 'new_device', 'Somebody has signed in with a browser that was not seen before.'),
    mail('suspicious-german', 'suspicious_sign_in', 'A sign-in after many failures; in German.', { count: 7 }, 'de'),
    mail('password-changed', 'password_changed', 'The password was changed.'),
    mail('password-reset', 'password_reset', 'A new password was chosen with a link.'),
    mail('email-changed', 'email_changed', 'The address was changed; this goes to the old one.'),
    mail('two-factor-enabled', 'two_factor_enabled', 'Two-factor was enabled.'),
    mail('app-replaced', 'two_factor_enabled', 'Another authenticator app took the place of the old one.', {
      replaced: 1,
    }),
    mail('two-factor-disabled', 'two_factor_disabled', 'Two-factor was disabled.'),
    mail('codes-regenerated', 'recovery_codes_regenerated', 'There are new recovery codes.'),
    mail('recovery-code', 'recovery_code_used', 'A recovery code was used, and few are left.'),
    mail('passkey-added', 'passkey_added', 'A passkey was added.'),
    mail('passkey-removed-german', 'passkey_removed', 'A passkey was removed; in German.', {}, 'de'),
    mail('admin-reset', 'admin_reset', 'An admin has reset two-factor.'),
    mail('reset-link', 'reset_link', 'The link for a new password.'),
    mail('invitation', 'invitation_link', 'The link for the first password of an account that was made for somebody.'),
    mail(
      'sso',
      'sso_instead_of_reset',
      'What somebody gets who asks for a new password and is signed in by an organization.',
    ),
  ],
}
