// Frameworks that a code block imports and that are not installed here: all that they export is any.
declare module 'vue';
declare module 'svelte';
declare module 'svelte/store';
declare module '@angular/core';
