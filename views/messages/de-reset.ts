import type { enReset } from './en-reset.js'
import type { Messages } from './keys.js'

/** Was unsere Seiten denen sagen, die ihr Passwort nicht eingeben können oder noch keines gewählt haben. */
export const deReset: Pick<Messages, keyof typeof enReset> = {
  'forgot.link': 'Passwort vergessen?',
  'forgot.title': 'Passwort vergessen?',
  'forgot.help':
    'Geben Sie die E\u2011Mail-Adresse Ihres Kontos ein. Wir senden Ihnen einen Link, mit dem Sie ein neues Passwort wählen.',
  'forgot.submit': 'Link senden',
  'forgot.back': 'Zurück zur Anmeldung',
  'forgot.sent_title': 'Sehen Sie in Ihr Postfach',
  'forgot.sent':
    'Wenn es ein Konto mit dieser Adresse gibt, ist eine E\u2011Mail dorthin unterwegs. Ihr Link gilt einmal, eine Stunde lang.',
  'forgot.sent_help':
    'Nach einigen Minuten nichts da? Sehen Sie im Spam-Ordner nach, und prüfen Sie die Adresse, die Sie eingegeben haben.',
  'forgot.again': 'Andere Adresse verwenden',

  'reset.title': 'Neues Passwort wählen',
  'reset.invited_title': 'Wählen Sie Ihr Passwort',
  'reset.for': 'Sie wählen das Passwort für {email}.',
  'reset.help':
    'Danach werden alle Geräte abgemeldet, und Sie melden sich mit dem neuen Passwort an. Ihre Zwei-Faktor-Anmeldung bleibt, wie sie ist.',
  'reset.invited_help': 'Künftig melden Sie sich mit dieser Adresse und diesem Passwort an.',
  'reset.submit': 'Passwort festlegen',
  'reset.refused': 'Das Passwort wurde nicht festgelegt. Geben Sie es noch einmal zweimal ein.',
  'reset.done': 'Ihr neues Passwort gilt. Melden Sie sich damit an.',

  'link_dead.title': 'Dieser Link gilt nicht mehr',
  'link_dead.text':
    'Er wurde schon benutzt, ein neuerer wurde gesendet, oder er ist zu alt. Haben Sie gerade ein Passwort damit gewählt, so gilt es.',
  'link_dead.notice':
    'Er ist mehr als sieben Tage alt, seither wurde das Passwort oder die E\u2011Mail-Adresse geändert, oder ein Teil fehlt. Wenn etwas nicht stimmt, wählen Sie ein neues Passwort.',
  'link_dead.again': 'Neuen Link anfordern',
  'link_dead.sign_in': 'Anmelden',

  'not_me.title': 'Waren Sie das nicht?',
  'not_me.for': 'Es geht um das Konto von {email}.',
  'not_me.text':
    'Wenn Sie nicht wiedererkennen, worum es in der E\u2011Mail geht, ist vielleicht jemand anders in Ihrem Konto. Mit einem Klick:',
  'not_me.sessions': 'werden alle Geräte abgemeldet, auch dieses',
  'not_me.devices': 'wird keinem Browser mehr vertraut',
  'not_me.password': 'gilt Ihr Passwort nicht mehr',
  'not_me.link': 'kommt eine E\u2011Mail mit einem Link, mit dem Sie ein neues Passwort wählen',
  'not_me.sso': 'kommt eine E\u2011Mail, die sagt, wie es bei Ihrer Organisation weitergeht',
  'not_me.submit': 'Das war ich nicht',
  'not_me.nothing': 'Waren Sie es doch? Dann schließen Sie diese Seite: es ist nichts geschehen.',
  'not_me.done_title': 'Sie sind überall abgemeldet',
  'not_me.done': 'Alle Geräte wurden abgemeldet, und keinem Browser wird mehr vertraut.',
  'not_me.done_link':
    'Eine E\u2011Mail mit einem Link ist unterwegs. Wählen Sie damit ein neues Passwort, das Sie sonst nirgends verwenden.',
  'not_me.done_sso':
    'Ihre Organisation meldet Sie an: ändern Sie Ihr Passwort dort. Eine E\u2011Mail, die das sagt, ist unterwegs.',
  'not_me.done_none': 'Wählen Sie nun ein neues Passwort, das Sie sonst nirgends verwenden.',
}
