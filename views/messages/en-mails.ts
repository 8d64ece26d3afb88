/** What our mails say. */
export const enMails = {
  'mail.hello': 'Hello {name},',
  'mail.hello_nobody': 'Hello,',

  'mail.password_changed.subject': 'Your {product} password was changed',
  'mail.password_changed.text':
    'The password of your account at {product} was changed. Every other device was signed out.',
  'mail.password_reset.subject': 'Your {product} password was reset',
  'mail.password_reset.text':
    'A new password was chosen for your account at {product}, with a link that we had sent to this address. Every device was signed out.',
  'mail.email_changed.subject': 'Your e-mail address was changed at {product}',
  'mail.email_changed.text':
    'Your account at {product} has another e-mail address now. From now on, mail about it goes there and no longer here.',
  'mail.email_changed.not_you':
    'If this was you, you need not do anything. If it was not, secure your account now. If you can no longer sign in, get in touch with us.',
  'mail.two_factor_enabled.subject': 'Two-factor was enabled at {product}',
  'mail.two_factor_enabled.text':
    'Two-factor is enabled for your account at {product}: signing in takes a code from your authenticator app as well.',
  'mail.app_replaced.subject': 'Your authenticator app was replaced at {product}',
  'mail.app_replaced.text':
    'Another authenticator app took the place of the one that you had for your account at {product}. The old one and the old recovery codes no longer work.',
  'mail.two_factor_disabled.subject': 'Two-factor was disabled at {product}',
  'mail.two_factor_disabled.text':
    'Two-factor is disabled for your account at {product}: your password alone opens it from now on.',
  'mail.codes_regenerated.subject': 'New recovery codes at {product}',
  'mail.codes_regenerated.text':
    'New recovery codes were made for your account at {product}. The old ones no longer work.',
  'mail.code_used.subject': 'A recovery code was used at {product}',
  'mail.code_used.text':
    'A recovery code of your account at {product} was used in place of a code from your authenticator app.',
  'mail.code_used.left': {
    zero: 'You have no recovery codes left.',
    one: 'You have one recovery code left.',
    other: 'You have {count} recovery codes left.',
  },
  'mail.code_used.few': 'Regenerate them on the Security page, so that you are not locked out without your phone.',
  'mail.passkey_added.subject': 'A passkey was added at {product}',
  'mail.passkey_added.text': 'The passkey “{passkey}” was added. It now signs in to your account at {product}.',
  'mail.passkey_removed.subject': 'A passkey was removed at {product}',
  'mail.passkey_removed.text':
    'The passkey “{passkey}” was removed. It no longer signs in to your account at {product}.',
  'mail.new_device.subject': 'New sign-in at {product}',
  'mail.new_device.text':
    'Somebody signed in to your account at {product} with a browser that we have not seen before.',
  'mail.suspicious.subject': 'Suspicious sign-in at {product}',
  'mail.suspicious.text': {
    one: 'Somebody signed in to your account at {product} after one wrong password or code.',
    other: 'Somebody signed in to your account at {product} after {count} wrong passwords or codes in a short time.',
  },
  'mail.admin_reset.subject': 'Your two-factor was reset at {product}',
  'mail.admin_reset.text':
    'An admin reset two-factor for your account at {product}. Your authenticator app and your recovery codes no longer work, and every device was signed out.',

  'mail.reset_link.subject': 'Choose a new password for {product}',
  'mail.reset_link.text': 'We received a request for a new password for your account at {product}.',
  'mail.reset_link.action': 'Choose a new password',
  'mail.reset_link.not_asked':
    'If this was not you, you need not do anything: your password stays as it is. Please do not pass this link on.',
  'mail.link.once': 'The link works once, until {until}.',
  'mail.invitation.subject': 'Set your password for {product}',
  'mail.invitation.text': 'An account at {product} was made for you. Choose a password, and then sign in with it.',
  'mail.invitation.action': 'Set your password',
  'mail.invitation.not_asked': 'If you did not expect this, you need not do anything. Please do not pass this link on.',
  'mail.sso.subject': 'How you sign in to {product}',
  'mail.sso.text':
    'We received a request for a new password for {product}. There is none to reset: you sign in with the identity provider of your organization. If you have forgotten your password there, ask your organization for a new one.',
  'mail.sso.action': 'Sign in',
  'mail.sso.not_asked': 'If this was not you, you need not do anything.',

  'mail.fact.when': 'When',
  'mail.fact.device': 'Device',
  'mail.fact.place': 'Place',
  'mail.fact.ip': 'IP address',
  'mail.not_you':
    'If this was you, you need not do anything. If it was not, tell us: every device that is signed in will be signed out at once, and you will get help to secure your account.',
  'mail.not_you_only':
    'If this was not you, tell us: every device that is signed in will be signed out at once, and you will get help to secure your account.',
  'mail.not_you_asked':
    'If you did not ask for this, tell us: every device that is signed in will be signed out at once, and you will get help to secure your account.',
  'mail.not_me': "This wasn't me",
  'mail.secure': 'Secure my account',
  'mail.why':
    'You are receiving this e-mail because it is about the security of your account at {product}. Please do not reply to it: replies are not read.',
  'mail.support': 'Questions? {support}',
} as const
