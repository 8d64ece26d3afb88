// Posts a form once, however often its button is pressed.
for (const form of document.querySelectorAll('form')) {
  let sent = false
  form.addEventListener('submit', (event) => {
    const button = event.submitter
    if (button instanceof HTMLButtonElement && button.formMethod === 'dialog') return
    if (sent) event.preventDefault()
    sent = true
  })
  addEventListener('pageshow', () => (sent = false)) // back from the next page
}
