// What somebody who types a password would like to see: the password itself, and that Caps Lock is on.
for (const frame of document.querySelectorAll<HTMLElement>('[data-sp-show]')) {
  const input = frame.querySelector('input')!
  const { spShow, spHide } = frame.dataset as Record<string, string>
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'sp-show'
  button.setAttribute('aria-controls', input.id)
  button.setAttribute('aria-describedby', `${input.id}-label`)

  const show = (shown: boolean) => {
    input.type = shown ? 'text' : 'password'
    button.textContent = (shown ? spHide : spShow)!
  }
  show(false)
  frame.append(button)
  button.addEventListener('click', () => {
    show(input.type === 'password')
    input.focus()
  })
  input.form?.addEventListener('submit', () => show(false)) // no browser keeps it among the texts that were typed

  const hint = frame.parentElement?.querySelector<HTMLElement>('[data-sp-caps-lock]')
  const tell = (isOn: boolean) => {
    if (hint) hint.textContent = isOn ? hint.dataset.spCapsLock! : ''
  }
  for (const kind of ['keydown', 'keyup'] as const)
    input.addEventListener(kind, (event) => tell(event.getModifierState?.('CapsLock') ?? false))
  input.addEventListener('blur', () => tell(false))
}
