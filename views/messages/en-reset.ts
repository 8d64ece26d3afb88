/** What our pages say to people who cannot type their password, or have not chosen one yet. */
export const enReset = {
  'forgot.link': 'Forgot your password?',
  'forgot.title': 'Forgot your password?',
  'forgot.help':
    'Type the e\u2011mail address of your account. We send you a link with which you choose a new password.',
  'forgot.submit': 'Send the link',
  'forgot.back': 'Back to sign-in',
  'forgot.sent_title': 'Check your e\u2011mail',
  'forgot.sent':
    'If there is an account with that address, an e\u2011mail is on its way to it. Its link works once, for one hour.',
  'forgot.sent_help':
    'Nothing there after a few minutes? Look in your spam folder, and check the address that you typed.',
  'forgot.again': 'Use another address',

  'reset.title': 'Choose a new password',
  'reset.invited_title': 'Choose your password',
  'reset.for': 'You are choosing the password for {email}.',
  'reset.help':
    'Once it is set, every device will be signed out, and you will sign in with the new password. Two-factor stays as it is.',
  'reset.invited_help': 'From then on you will sign in with that address and this password.',
  'reset.submit': 'Set the password',
  'reset.refused': 'The password was not set. Type it twice again.',
  'reset.done': 'Your new password is set. Sign in with it.',

  'link_dead.title': 'This link no longer works',
  'link_dead.text':
    'It was used already, a newer one was sent, or it is too old. If you have just chosen a password with it, that password is set.',
  'link_dead.notice':
    'It is more than seven days old, the password or the e\u2011mail address was changed since, or part of it is missing. If something is wrong, choose a new password.',
  'link_dead.again': 'Ask for a new link',
  'link_dead.sign_in': 'Sign in',

  'not_me.title': 'Was this not you?',
  'not_me.for': 'This is about the account of {email}.',
  'not_me.text':
    'If you do not recognize what the e\u2011mail told you, somebody else may be in your account. With one click:',
  'not_me.sessions': 'every device is signed out, this one too',
  'not_me.devices': 'no browser is trusted any more',
  'not_me.password': 'your password stops working',
  'not_me.link': 'an e\u2011mail with a link comes, with which you choose a new password',
  'not_me.sso': 'an e\u2011mail comes that says how to go on with your organization',
  'not_me.submit': "This wasn't me",
  'not_me.nothing': 'Was it you? Then close this page: nothing has happened.',
  'not_me.done_title': 'You are signed out everywhere',
  'not_me.done': 'Every device was signed out, and no browser is trusted any more.',
  'not_me.done_link':
    'An e\u2011mail with a link is on its way. Choose a new password with it, one that you use nowhere else.',
  'not_me.done_sso':
    'Your organization signs you in: change your password there. An e\u2011mail that says so is on its way.',
  'not_me.done_none': 'Now choose a new password, one that you use nowhere else.',
} as const
