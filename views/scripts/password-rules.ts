// The rules for a new password, ticked off while it is typed. The server alone decides.
const QUIET_MS = 600 // a screen reader is told when the typing pauses

for (const list of document.querySelectorAll<HTMLElement>('[data-sp-rules]')) {
  const input = document.getElementById(list.dataset.spRules!)
  if (!(input instanceof HTMLInputElement)) continue
  const status = list.parentElement?.querySelector('[data-sp-told]') // a template of the host's may have none
  const rules = [...list.querySelectorAll<HTMLElement>('[data-sp-pattern]')].map((item) => ({
    item,
    pattern: new RegExp(item.dataset.spPattern!, 'u'),
    text: item.textContent.replace(item.querySelector('[data-sp-state]')!.textContent, '').trim(),
    state: item.querySelector('[data-sp-state]')!,
    isExtra: item.hidden, // shown while it is broken
  }))

  const tell = () => {
    const told = rules.filter(({ item }) => !item.hidden)
    const missing = told.filter(({ item }) => item.classList.contains('sp-unmet'))
    const { spMet, spUnmet } = list.querySelector<HTMLElement>('[data-sp-pattern]')!.dataset as Record<string, string>
    for (const { item, state } of rules)
      state.textContent = input.value === '' ? '' : item.classList.contains('sp-met') ? spMet! : spUnmet!
    const texts = (missing.length ? missing : told).map(({ text }) => text).join('; ')
    if (status) status.textContent = input.value === '' ? '' : `${missing.length ? spUnmet : spMet}: ${texts}`
  }

  let pause: ReturnType<typeof setTimeout> | undefined
  input.addEventListener('input', () => {
    for (const item of list.querySelectorAll('.sp-broken, .sp-met:not([data-sp-pattern])')) {
      item.classList.remove('sp-broken', 'sp-met') // by the password before
      item.querySelector('[data-sp-state]')!.textContent = ''
    }
    for (const later of list.querySelectorAll<HTMLElement>('.sp-later')) later.hidden = false
    for (const { item, pattern, isExtra } of rules) {
      const isMet = pattern.test(input.value)
      item.classList.toggle('sp-met', isMet)
      item.classList.toggle('sp-unmet', !isMet && input.value !== '')
      if (isExtra) item.hidden = isMet
    }
    clearTimeout(pause)
    pause = setTimeout(tell, QUIET_MS)
  })
}
