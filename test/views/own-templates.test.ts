import assert from 'node:assert/strict'
import { BASE, type Page } from '../support/browser.js'
import { launchChromium, type Chromium } from '../support/chromium.js'
import { ada, PASSWORDS, startHost } from '../support/host.js'
import { ownTemplates } from '../support/own-templates.js'
import { startWalkedHost, walk, type WalkedHost } from '../support/walk.js'

const BUTTON = `<% if (it.href) { %><a class="acme-button" href="<%= it.href %>"><%= it.label %></a>
<% } else { %><button class="acme-button"<% Object.entries(it.attributes ?? {}).forEach(([name, value]) => { %> <%= name %>="<%= value %>"<% }) %>><%= it.label %></button><% } %>`
const SIGN_IN = `<% layout('/layouts/page', { ...it, title: 'Welcome back' }) %>
<h1>Welcome back to <%= it.page.productName %></h1>
<% (it.model.errors.form ?? []).forEach((rule) => { %><p role="alert"><%= it.t('error.' + rule) %></p><% }) %>
<form method="post" action="<%= it.page.base %>/sign-in">
<%~ include('/elements/token', it) %>
<% if (it.model.returnTo) { %><input type="hidden" name="returnTo" value="<%= it.model.returnTo %>"><% } %>
<label>Work e-mail <input name="email" type="email" value="<%= it.model.email %>"></label>
<label>Secret <input name="password" type="password"></label>
<%~ include('/elements/button', { label: 'Come in' }) %>
</form>`

const controlsOf = (page: Page) =>
  page
    .$('button, a.sp-button, a.acme-button, input[type=submit]')
    .map((_, { attribs }) => attribs.class)
    .get()

/** Starts a host with templates of its own, which go with it. */
async function hostWith(files: Record<string, string>, options = {}): Promise<WalkedHost> {
  const folder = await ownTemplates(files)
  const host = await startWalkedHost({ pages: { templates: folder.path }, ...options })
  return {
    ...host,
    close: async () => {
      await host.close()
      await folder.remove()
    },
  }
}

describe('A host that replaces one element', function () {
  this.timeout(60_000) // it walks through all pages
  let host: WalkedHost
  let ours: Map<string, Page>
  let theirs: Map<string, Page>
  before(async () => {
    const plain = await startWalkedHost()
    ours = await walk(plain)
    await plain.close()
    host = await hostWith({ 'elements/button.eta': BUTTON })
    theirs = await walk(host)
  })
  after(() => host?.close())

  it("sees it on every page, in every state: each button is the host's", () => {
    assert.deepEqual([...theirs.keys()], [...ours.keys()])
    assert.ok(theirs.size > 35, `${theirs.size} pages`)
    for (const [name, page] of theirs) {
      const controls = controlsOf(page)
      assert.ok(controls.length > 0, name)
      assert.deepEqual([...new Set(controls)], ['acme-button'], name)
    }
  })

  it('finds as many buttons as before, with the same words', () => {
    for (const [name, page] of ours) {
      const words = (which: Page, kind: string) =>
        which
          .$(`button.${kind}, a.${kind}`)
          .map((_, each) => which.$(each).text())
          .get()
      assert.deepEqual(words(theirs.get(name)!, 'acme-button'), words(page, 'sp-button'), name)
      assert.equal(theirs.get(name)!.status, page.status, name)
    }
    assert.deepEqual(host.errors, [])
  })

  it("sees it in the fragment for a page of the host's own, too", async () => {
    const folder = await ownTemplates({ 'elements/badge.eta': '<b class="acme-badge"><%= it.text %></b>' })
    const another = await startHost({
      pages: { templates: folder.path },
      routes: (app, security) =>
        app.get('/account', (req, res, next) => {
          security.fragments.sessions(req).then((list) => res.send(list), next)
        }),
    })
    const browser = another.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    assert.equal((await browser.visit('/account')).$('.acme-badge').text(), 'Current')
    await another.close()
    await folder.remove()
  })
})

describe('A host that replaces one page', function () {
  this.timeout(120_000) // it walks through all pages, twice
  let chromium: Chromium
  let host: WalkedHost
  before(async () => {
    chromium = await launchChromium()
    host = await hostWith({ 'pages/sign-in.eta': SIGN_IN })
  })
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  it('is signed in to through it: refused first, then led to where one wanted to go', async () => {
    const visitor = await chromium.visitor(host.url)
    const { page, problems } = visitor
    await page.goto(`${BASE}/sessions`)
    await page.getByRole('heading', { name: 'Welcome back to Ledgerly' }).waitFor()
    const send = async (password: string) => {
      await page.getByLabel('Secret').fill(password)
      await page.getByRole('button', { name: 'Come in' }).click()
    }
    await page.getByLabel('Work e-mail').fill(ada.email)
    await send('wrong')
    await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor()
    assert.equal(await page.getByLabel('Work e-mail').inputValue(), ada.email)
    await send(PASSWORDS.u1!)
    await page.getByRole('heading', { name: 'Active sessions', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, `${BASE}/sessions`)
    assert.deepEqual([problems, host.errors], [[], []])
    await visitor.close()
  })

  it('leaves every other page as it is', async () => {
    const plain = await startWalkedHost()
    const [ours, theirs] = [await walk(plain), await walk(host)]
    await plain.close()
    const bare = (page: Page) =>
      page.bytes
        .replace(/"[\w-]{16,}"|revoke-[\w-]{10,}|(sessions|passkeys|browsers)\/[\w-]{10,}|suspended=[\w-]+/g, '…')
        .replace(/<svg[^]*?<\/svg>|otpauth:[^"]+|generation" value="[^"]+|<code[^]*?<\/code>/g, '…')
        .replace(/datetime="[^"]+"|title="[^"]+"|data-sp-now="[^"]+"|\d\d:\d\d UTC|in \d+ minutes/g, '…')
        .replace(/(cursor|newer)=[\w.-]+/g, '…')
    for (const [name, page] of theirs) {
      const isSignIn = page.$('h1').text().startsWith('Welcome back')
      assert.equal(isSignIn, ours.get(name)!.$('h1').text() === 'Sign in', name)
      if (!isSignIn) assert.equal(bare(page), bare(ours.get(name)!), name)
    }
  })
})

describe("A template of the host's that fails", () => {
  it('is reported, and ours is shown, so that nobody is kept from what the page is for', async () => {
    const host = await hostWith({ 'elements/page-head.eta': '<h1><%= it.no.such.thing %></h1>' })
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    assert.deepEqual(host.errors, [], 'pages without it are as they were')
    const page = await browser.visit(`${BASE}/`)
    assert.deepEqual([page.status, page.$('h1').text()], [200, 'Security'])
    assert.match(String(host.errors[0]), /page-head|reading 'such'/)
    const changed = await browser.submit(page, '/password', {
      currentPassword: PASSWORDS.u1!,
      newPassword: PASSWORDS.u2!,
      confirmPassword: PASSWORDS.u2!,
    })
    assert.match((await browser.follow(changed)).text, /Your password was changed/)
    await host.close()
  })

  it('may be the layout, on an error page', async () => {
    const host = await hostWith({ 'layouts/page.eta': '<%= it.body.length() %>' })
    const page = await host.browser().visit(`${BASE}/nothing`)
    assert.deepEqual([page.status, page.$('h1').text()], [404, 'Page not found'])
    assert.equal(host.errors.length, 1)
    await host.close()
  })
})
