// The rules for a new password, ticked off while it is typed. The server alone decides.
const QUIET_MS = 600 // a screen reader is told when the typing pauses

for (const list of document.querySelectorAll<HTMLElement>('[data-sp-rules]')) {
  const input = document.getElementById(list.dataset.spRules!)
  if (!(input instanceof HTMLInputElement)) continue
  const rules = [...list.querySelectorAll<HTMLElement>('[data-sp-pattern]')].map((item) => ({
    item,
    pattern: new RegExp(item.dataset.spPattern!, 'u'),
    state: item.querySelector('[data-sp-state]')!,
  }))
  let pause: ReturnType<typeof setTimeout> | undefined
  input.addEventListener('input', () => {
    for (const { item, pattern } of rules) {
      const isMet = pattern.test(input.value)
      item.classList.toggle('sp-met', isMet)
      item.classList.toggle('sp-unmet', !isMet && input.value !== '')
    }
    clearTimeout(pause)
    pause = setTimeout(() => {
      for (const { item, state } of rules) {
        const { spMet, spUnmet } = item.dataset as Record<string, string>
        state.textContent = input.value === '' ? '' : item.classList.contains('sp-met') ? spMet! : spUnmet!
      }
    }, QUIET_MS)
  })
}
