export interface PasswordStrategyOptions {
  /** The field of your form that holds the e-mail address. @default 'email' */
  usernameField?: string
  /** The field of your form that holds the password. @default 'password' */
  passwordField?: string
}
