/** `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level 3, 5.1.10): what a page gives to `navigator.credentials.get`. */
export interface PasskeyRequestOptions {
  challenge: string
  /** Milliseconds. */
  timeout: number
  rpId: string
  /** Empty: any passkey of this site. */
  allowCredentials: { type: 'public-key'; id: string; transports: string[] }[]
  userVerification: 'required'
}
