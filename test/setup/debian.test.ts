import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { install, installEach, mayInstall } from '../../scripts/debian.mjs';
import { skip } from '../support/needs.ts';

describe('the installation of what tests need', function () {
  // apt-get reads the archive's lists, and waits for another apt-get.
  this.timeout(180_000);
  /** A package that is installed, so that the tests change nothing. */
  const installed = 'apt';
  const unknown = 'datashop-no-such-package';

  before(function () {
    if (!mayInstall()) skip(this, 'needs root on Debian or Ubuntu, because it calls apt-get');
  });

  it('a package that the archive lacks keeps only its own need from being installed', () => {
    const problems = installEach({ firefox: [unknown], nginx: [installed], webkit: [installed, unknown] });
    expect([...problems.keys()]).to.deep.equal(['firefox', 'webkit']);
    for (const problem of problems.values()) expect(problem).to.include(`Unable to locate package ${unknown}`);
  });

  it('install() of packages that are all there returns nothing, and otherwise the error of apt-get', () => {
    expect(installEach({ nginx: [installed] })).to.have.property('size', 0);
    expect(install([unknown])).to.equal(`Unable to locate package ${unknown}`);
  });

  it('an installation leaves no file behind that keeps services from being started', () => {
    const had = existsSync('/usr/sbin/policy-rc.d');
    installEach({ firefox: [unknown] });
    expect(existsSync('/usr/sbin/policy-rc.d')).to.equal(had);
    expect(spawnSync('dpkg', ['--status', unknown]).status).not.to.equal(0);
  });
});
