import { createElement as h, type ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import type {
  FieldErrors,
  MessageKey,
  PageModel,
  RevokeModel,
  SecurityModel,
  SessionView,
  SignInModel,
} from 'sallyport'

type Around = Pick<PageModel, 'page' | 'words'>

function Page({ page, words, title, children }: Around & { title: string; children: ReactNode }) {
  return h(
    'html',
    { lang: page.language },
    h(
      'head',
      null,
      h('meta', { charSet: 'utf-8' }),
      h('title', null, `${title} · ${page.productName}`),
      h('link', { rel: 'icon', href: 'data:,' }),
      page.styles.map((href) => h('link', { key: href, rel: 'stylesheet', href })),
    ),
    h(
      'body',
      null,
      h('p', null, 'Rendered by React'),
      page.flash && h('p', { role: 'status' }, words.t(page.flash.key, page.flash.params)),
      h('h1', null, title),
      children,
    ),
  )
}

interface FormProps extends Around {
  to: string
  returnTo?: string | null
  /** Name, type, text and value of each. */
  fields: readonly [string, string, MessageKey, string?][]
  errors?: FieldErrors
  submit: MessageKey
}

function Form({ page, words, to, returnTo, fields, errors = {}, submit }: FormProps) {
  const hidden = { csrfToken: page.csrfToken, ...page.formFields, ...(returnTo && { returnTo }) }
  return h(
    'form',
    { method: 'post', action: page.base + to },
    Object.entries(hidden).map(([name, value]) =>
      h('input', { key: name, type: 'hidden', name, value, readOnly: true }),
    ),
    Object.values(errors).flatMap((rules) =>
      rules.map((rule) => h('p', { key: rule, role: 'alert' }, words.t(`error.${rule}` as MessageKey, { count: 12 }))),
    ),
    fields.map(([name, type, label, defaultValue]) =>
      h('label', { key: name }, words.t(label), ' ', h('input', { name, type, defaultValue })),
    ),
    h('button', null, words.t(submit)),
  )
}

function SignIn({ page, words, email, notice, errors, returnTo }: SignInModel & Around) {
  const fields: FormProps['fields'] = [
    ['email', 'email', 'sign_in.email', email],
    ['password', 'password', 'sign_in.password'],
  ]
  return h(
    Page,
    { page, words, title: words.t('sign_in.title'), children: null },
    notice && h('p', null, words.t(notice)),
    h(Form, { page, words, to: '/sign-in', returnTo, fields, errors, submit: 'sign_in.submit' }),
  )
}

function Security({ page, words, user, password, sessions }: SecurityModel & Around) {
  const fields: FormProps['fields'] = [
    ['currentPassword', 'password', 'password.current'],
    ['newPassword', 'password', 'password.new'],
    ['confirmPassword', 'password', 'password.confirm'],
  ]
  const revoke = ({ id }: SessionView) =>
    h('a', { href: `${page.base}/sessions/${id}/revoke` }, words.t('sessions.revoke'))
  return h(
    Page,
    { page, words, title: words.t('security.title'), children: null },
    h('p', null, user.name),
    h(Form, { page, words, to: '/password', fields, errors: password.errors, submit: 'password.submit' }),
    h(
      'ul',
      null,
      sessions.map((each) =>
        h(
          'li',
          { key: each.id },
          words.device(each.device),
          ', ',
          words.ago(each.lastActiveAt),
          ' ',
          !each.current && revoke(each),
        ),
      ),
    ),
  )
}

function Revoke({ page, words, session, returnTo }: RevokeModel & Around) {
  const to = session ? `/sessions/${session.id}/revoke` : '/sessions/revoke-others'
  return h(
    Page,
    { page, words, title: words.t('revoke.title'), children: null },
    h(Form, { page, words, to, returnTo, fields: [], submit: 'revoke.submit' }),
  )
}

export const signInPage = (model: PageModel<'sign-in'>) => html(h(SignIn, model))
export const securityPage = (model: PageModel<'security'>) => html(h(Security, model))
export const revokePage = (model: PageModel<'revoke'>) => html(h(Revoke, model))

const html = (page: ReactNode): string => `<!doctype html>${renderToString(page)}`
