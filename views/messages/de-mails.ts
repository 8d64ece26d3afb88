import type { enMails } from './en-mails.js'
import type { Messages } from './keys.js'

/** Unsere Mails auf Deutsch. */
export const deMails: Pick<Messages, keyof typeof enMails> = {
  'mail.hello': 'Guten Tag {name},',
  'mail.hello_nobody': 'Guten Tag,',

  'mail.password_changed.subject': 'Ihr Passwort für {product} wurde geändert',
  'mail.password_changed.text':
    'Das Passwort Ihres Kontos bei {product} wurde geändert. Alle anderen Geräte wurden abgemeldet.',
  'mail.password_reset.subject': 'Ihr Passwort für {product} wurde zurückgesetzt',
  'mail.password_reset.text':
    'Für Ihr Konto bei {product} wurde ein neues Passwort gewählt, mit einem Link, den wir an diese Adresse geschickt hatten. Alle Geräte wurden abgemeldet.',
  'mail.email_changed.subject': 'Ihre E-Mail-Adresse bei {product} wurde geändert',
  'mail.email_changed.text':
    'Ihr Konto bei {product} hat jetzt eine andere E-Mail-Adresse. Ab jetzt gehen E-Mails zu diesem Konto dorthin und nicht mehr hierher.',
  'mail.email_changed.not_you':
    'Wenn Sie das waren, müssen Sie nichts tun. Wenn nicht, sichern Sie Ihr Konto jetzt ab. Wenn Sie sich nicht mehr anmelden können, wenden Sie sich an uns.',
  'mail.two_factor_enabled.subject': 'Zwei-Faktor-Anmeldung bei {product} eingeschaltet',
  'mail.two_factor_enabled.text':
    'Für Ihr Konto bei {product} ist die Zwei-Faktor-Anmeldung eingeschaltet: Zur Anmeldung gehört nun auch ein Code aus Ihrer Authenticator-App.',
  'mail.app_replaced.subject': 'Ihre Authenticator-App bei {product} wurde ersetzt',
  'mail.app_replaced.text':
    'Eine andere Authenticator-App ersetzt die, die Sie für Ihr Konto bei {product} hatten. Die alte und die alten Wiederherstellungscodes gelten nicht mehr.',
  'mail.two_factor_disabled.subject': 'Zwei-Faktor-Anmeldung bei {product} ausgeschaltet',
  'mail.two_factor_disabled.text':
    'Für Ihr Konto bei {product} ist die Zwei-Faktor-Anmeldung ausgeschaltet: Ab jetzt öffnet Ihr Passwort allein es.',
  'mail.codes_regenerated.subject': 'Neue Wiederherstellungscodes bei {product}',
  'mail.codes_regenerated.text':
    'Für Ihr Konto bei {product} wurden neue Wiederherstellungscodes erzeugt. Die alten gelten nicht mehr.',
  'mail.code_used.subject': 'Ein Wiederherstellungscode wurde bei {product} benutzt',
  'mail.code_used.text':
    'Ein Wiederherstellungscode Ihres Kontos bei {product} wurde statt eines Codes aus Ihrer Authenticator-App benutzt.',
  'mail.code_used.left': {
    zero: 'Sie haben keinen Wiederherstellungscode mehr.',
    one: 'Sie haben noch einen Wiederherstellungscode.',
    other: 'Sie haben noch {count} Wiederherstellungscodes.',
  },
  'mail.code_used.few':
    'Erzeugen Sie auf der Seite Sicherheit neue, damit Sie ohne Ihr Telefon nicht ausgesperrt sind.',
  'mail.passkey_added.subject': 'Ein Passkey wurde bei {product} hinzugefügt',
  'mail.passkey_added.text':
    'Der Passkey „{passkey}“ wurde hinzugefügt. Damit ist nun eine Anmeldung in Ihrem Konto bei {product} möglich.',
  'mail.passkey_removed.subject': 'Ein Passkey wurde bei {product} entfernt',
  'mail.passkey_removed.text':
    'Der Passkey „{passkey}“ wurde entfernt. Mit ihm ist keine Anmeldung in Ihrem Konto bei {product} mehr möglich.',
  'mail.new_device.subject': 'Neue Anmeldung bei {product}',
  'mail.new_device.text':
    'In Ihrem Konto bei {product} hat sich jemand mit einem Browser angemeldet, den wir noch nicht kennen.',
  'mail.suspicious.subject': 'Verdächtige Anmeldung bei {product}',
  'mail.suspicious.text': {
    one: 'Nach einem falschen Passwort oder Code hat sich jemand in Ihrem Konto bei {product} angemeldet.',
    other:
      'Nach {count} falschen Passwörtern oder Codes in kurzer Zeit hat sich jemand in Ihrem Konto bei {product} angemeldet.',
  },
  'mail.admin_reset.subject': 'Ihre Zwei-Faktor-Anmeldung bei {product} wurde zurückgesetzt',
  'mail.admin_reset.text':
    'Ein Admin hat die Zwei-Faktor-Anmeldung Ihres Kontos bei {product} zurückgesetzt. Ihre Authenticator-App und Ihre Wiederherstellungscodes gelten nicht mehr, und alle Geräte wurden abgemeldet.',

  'mail.reset_link.subject': 'Ein neues Passwort für {product} wählen',
  'mail.reset_link.text': 'Wir haben eine Anfrage nach einem neuen Passwort für Ihr Konto bei {product} erhalten.',
  'mail.reset_link.action': 'Neues Passwort wählen',
  'mail.reset_link.not_asked':
    'Wenn sie nicht von Ihnen kam, müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist. Bitte geben Sie diesen Link nicht weiter.',
  'mail.link.once': 'Der Link gilt einmal, bis {until}.',
  'mail.invitation.subject': 'Ihr Passwort für {product} festlegen',
  'mail.invitation.text':
    'Für Sie wurde ein Konto bei {product} angelegt. Wählen Sie ein Passwort, und melden Sie sich dann damit an.',
  'mail.invitation.action': 'Passwort festlegen',
  'mail.invitation.not_asked':
    'Wenn Sie das nicht erwartet haben, müssen Sie nichts tun. Bitte geben Sie diesen Link nicht weiter.',
  'mail.sso.subject': 'Wie Sie sich bei {product} anmelden',
  'mail.sso.text':
    'Wir haben eine Anfrage nach einem neuen Passwort für {product} erhalten. Es gibt hier keines zurückzusetzen: Sie melden sich über den Identitätsanbieter Ihrer Organisation an. Wenn Sie das Passwort dort vergessen haben, bitten Sie Ihre Organisation um ein neues.',
  'mail.sso.action': 'Anmelden',
  'mail.sso.not_asked': 'Wenn sie nicht von Ihnen kam, müssen Sie nichts tun.',

  'mail.fact.when': 'Wann',
  'mail.fact.device': 'Gerät',
  'mail.fact.place': 'Ort',
  'mail.fact.ip': 'IP-Adresse',
  'mail.not_you':
    'Wenn Sie das waren, müssen Sie nichts tun. Wenn nicht, sagen Sie es uns: Dann werden sofort alle Geräte abgemeldet, die angemeldet sind, und wir helfen Ihnen, Ihr Konto abzusichern.',
  'mail.not_you_only':
    'Wenn Sie das nicht waren, sagen Sie es uns: Dann werden sofort alle Geräte abgemeldet, die angemeldet sind, und wir helfen Ihnen, Ihr Konto abzusichern.',
  'mail.not_you_asked':
    'Wenn Sie nicht darum gebeten haben, sagen Sie es uns: Dann werden sofort alle Geräte abgemeldet, die angemeldet sind, und wir helfen Ihnen, Ihr Konto abzusichern.',
  'mail.not_me': 'Das war ich nicht',
  'mail.secure': 'Mein Konto absichern',
  'mail.why':
    'Sie erhalten diese E-Mail, weil es um die Sicherheit Ihres Kontos bei {product} geht. Bitte antworten Sie nicht darauf: Antworten werden nicht gelesen.',
  'mail.support': 'Fragen? {support}',
}
