/** The result of `authorize` for a user who is known. */
export interface AuthorizedUser {
  /** Names the user for `limits.rules`, observers and logs. Not empty. */
  key: string;
  /**
   * What the stream is about, such as `{ workspace, workflow }`: for observers, `streams()`, logs and audit, never a
   * label of a metric. At most 8. A name is 1 to 40 letters, digits and `_`, and begins with a letter. A value over 200
   * characters is cut, one that is undefined is left out. Other fields refuse the request with `ERR_SSE_HOOK`. The
   * fields of a stream stay those of the first call, also with `reauthorizeMs`.
   * @defaultValue none
   */
  fields?: Readonly<Record<string, string | undefined>>;
  /**
   * `false` refuses with `ERR_SSE_FORBIDDEN`, as `false` in place of the object does, but logs and audit then record
   * who was refused what. `undefined` refuses with `ERR_SSE_HOOK`: a check that forgets to return must not open a
   * stream.
   * @defaultValue true if the property is missing
   */
  allowed?: boolean;
}
