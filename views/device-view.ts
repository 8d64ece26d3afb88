/** The device that a request came from; `label` is `browser` and `system` in English words: "Firefox on Linux", "Unknown device". */
export interface DeviceView {
  kind: 'desktop' | 'phone' | 'tablet' | 'unknown'
  label: string
  browser: string | null
  system: string | null
}
