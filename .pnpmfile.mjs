/**
 * What development needs is no part of the published manifest. An installer that looked at `devDependencies` would find
 * the name of a private workspace package there, and ask the public registry for it.
 */
export const hooks = {
  beforePacking(manifest) {
    const { devDependencies, scripts, ...published } = manifest;
    return published;
  },
};
