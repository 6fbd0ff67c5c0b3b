import { createRequire } from 'node:module';
import type { Plugin } from 'vite';
import { selectExports } from './select-exports.ts';

const modulePath = createRequire(import.meta.url).resolve('@innovaccer/design-system/dist/esm/index.js');

/** What the page imports. */
const components = ['Button', 'EmptyState', 'Icon', 'Input', 'Label', 'Message', 'Spinner', 'StatusHint'] as const;

/** A component that adopts its CSS as a style sheet of the document, because the policy forbids `<style>` elements. */
const adoptedStyle = `
function AdoptedStyle({ css }) {
  React.useInsertionEffect(() => {
    if (!css) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets.push(sheet);
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    };
  }, [css]);
  return null;
}
`;

/** Replacements in the module. Each left side must occur exactly once. */
const replacements = [
  // Keyframes of popovers and menus.
  [
    'React.createElement("style", null, animationKeyframe)',
    'React.createElement(AdoptedStyle, { css: animationKeyframe })',
  ],
  ['React.createElement("style", null, keyframe)', 'React.createElement(AdoptedStyle, { css: keyframe })'],
  // An icon is its name in an icon font, with the role of a button: screen readers read "refresh button Refresh
  // button".
  [
    'className: iconClass,\n    style: styles\n  }, accessibilityProps), name);',
    'className: iconClass,\n    style: styles\n  }, accessibilityProps.onClick ? accessibilityProps : { "aria-hidden": true }), name);',
  ],
] as const;

/** A component's style sheet, and the call that injects it when the module is evaluated. */
const injectedSheet = /^(var css_248z\S* = ".*";|styleInject\(css_248z\S*\);)$/gm;
/** A plain class name, and the one that stands for it in the injected sheets, with the component's name and a hash. */
const hashedClass = /"([\w-]+)":"\w+-module-\1-[\w-]{5}(-\d+){3}"/g;
/**
 * Makes `@innovaccer/design-system` work under `style-src 'self'`, hides the names of icons from screen readers, and
 * leaves out all components that the page does not use. The ES module injects a style sheet for each component when it
 * is imported; without them, and with plain class names, it uses the package's CSS file. If another version changes one
 * of these places, the build fails.
 */
export function designSystem(): Plugin {
  return {
    name: 'mended-design-system',
    enforce: 'pre',
    config: () => ({ resolve: { alias: [{ find: /^@innovaccer\/design-system$/, replacement: modulePath }] } }),
    transform(code, id) {
      if (id !== modulePath) return;
      let mended = code.replace(injectedSheet, '').replace(hashedClass, '"$1":"$1"');
      if (/"\w+-module-|^styleInject\(/m.test(mended))
        this.error('Expected no class name with a hash and no injected style sheet to be left in the design system');
      for (const [found, replacement] of replacements) {
        const times = mended.split(found).length - 1;
        if (times !== 1)
          this.error(`Expected "${found}" exactly once in the design system's module, found it ${times} times`);
        mended = mended.replace(found, () => replacement);
      }
      return { code: selectExports(mended + adoptedStyle, components), map: null };
    },
  };
}
