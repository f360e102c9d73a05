import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the dashboard into web/dist: files with a hash in their name below assets/, nothing inline, nothing from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // A data: URL would need a looser Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
});
