import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const umdPath = createRequire(import.meta.url).resolve('@innovaccer/design-system/dist/index.umd.js');

/** A component that adopts its CSS as a style sheet of the document, because the policy forbids `<style>` elements. */
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

/** Replacements in the bundle. Each left side must occur exactly once. */
const replacements = [
  // Styles injected at run time: keyframes of popovers and menus, and the styles of a player that is not used here.
  ['React__namespace.createElement("style",null,l)', 'React__namespace.createElement(AdoptedStyle,{css:l})'],
  ['React__namespace.createElement("style",null,i)', 'React__namespace.createElement(AdoptedStyle,{css:i})'],
  ['styleInject(css_248z)', 'void 0'],
  // An icon is its name in an icon font, with the role of a button: screen readers read "refresh button Refresh button".
  [
    '"data-test":"DesignSystem-Icon"},o,{className:c,style:e},i)',
    '"data-test":"DesignSystem-Icon"},o,{className:c,style:e},i.onClick?i:{"aria-hidden":true})',
  ],
] as const;

/**
 * Makes `@innovaccer/design-system` work under `style-src 'self'`, and hides the names of icons from screen readers. Its
 * ES modules inject styles when they are imported; its UMD bundle uses plain class names and injects in three places
 * only. If another version changes one of these places, the build fails.
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
        if (times !== 1)
          this.error(`Expected "${found}" exactly once in the design system's UMD bundle, found it ${times} times`);
        mended = mended.replace(found, () => replacement);
      }
      const start = 'function(exports,React,ReactDOM){';
      if (!mended.includes(start)) this.error(`Expected the design system's UMD bundle to contain "${start}"`);
      return { code: mended.replace(start, () => start + adoptedStyle), map: null };
    },
  };
}
