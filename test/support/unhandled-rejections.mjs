// A rejected promise that nothing handles would end a real process, so it fails the current test. Mocha only ignores
// it.
process.on('unhandledRejection', (reason) => {
  throw reason;
});
