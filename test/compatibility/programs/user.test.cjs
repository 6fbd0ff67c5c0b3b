// A user's own test of a stream, by supertest. `it` is that of Jest, Vitest or mocha.
const assert = require('node:assert/strict');
const { createServer } = require('node:http');
const { sseProxy } = require('@datashop/sse-proxy');
const express = require('express');
const request = require('supertest');
const { tests } = require('./user-tests.cjs');

tests({ it: globalThis.it, assert, createServer, sseProxy, express, request });
