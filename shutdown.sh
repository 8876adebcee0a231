#!/bin/bash
echo off
kill -TERM 6187
