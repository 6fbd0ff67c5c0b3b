import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const umdPath = createRequire(import.meta.url).resolve('@innovaccer/design-system/dist/index.umd.js');

/** A component that takes what `<style>` took, as a style sheet of the document: the policy forbids `<style>`. */
const adoptedStyle = `function AdoptedStyle(props) {
  var css = props.css;
  React__namespace.useInsertionEffect(function () {
    if (!css) return;
    var sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets.push(sheet);
    return function () {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter(function (other) { return other !== sheet; });
    };
  }, [css]);
  return null;
}`;

/** Places of its bundle, each there exactly once, and what they become. */
const replacements = [
  // Styles that it injects as it runs: keyframes of popovers, of menus, and the looks of a player that is not used here.
  ['React__namespace.createElement("style",null,l)', 'React__namespace.createElement(AdoptedStyle,{css:l})'],
  ['React__namespace.createElement("style",null,i)', 'React__namespace.createElement(AdoptedStyle,{css:i})'],
  ['styleInject(css_248z)', 'void 0'],
  // An icon is its name, set in a font of icons, and a button unless told otherwise: "refresh button Refresh button".
  [
    '"data-test":"DesignSystem-Icon"},o,{className:c,style:e},i)',
    '"data-test":"DesignSystem-Icon"},o,{className:c,style:e},i.onClick?i:{"aria-hidden":true})',
  ],
] as const;

/**
 * Makes `@innovaccer/design-system` run under `style-src 'self'`. Its ES modules inject styles as they are imported; its
 * UMD bundle uses the plain class names of its style sheet, and injects in three places only. Screen readers get no names
 * of icons. If another version moves a place, the build fails instead of the page.
 */
export function designSystem(): Plugin {
  return {
    name: 'mended-design-system',
    enforce: 'pre',
    config: () => ({ resolve: { alias: [{ find: /^@innovaccer\/design-system$/, replacement: umdPath }] } }),
    transform(code, id) {
      if (id !== umdPath) return;
      let mended = code;
      for (const [found, replacement] of replacements) {
        const times = mended.split(found).length - 1;
        if (times !== 1) this.error(`"${found}" was expected once in the design system, and is there ${times} times`);
        mended = mended.replace(found, () => replacement);
      }
      const start = 'function(exports,React,ReactDOM){';
      if (!mended.includes(start)) this.error('The design system is no longer the UMD bundle it was');
      return { code: mended.replace(start, () => start + adoptedStyle), map: null };
    },
  };
}
