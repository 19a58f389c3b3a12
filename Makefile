.PHONY: help demo test test-world fuzz bench

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 20

demo: ## Build and run the demonstration, with a practice ADFS and an app behind the gate
	@tools/demo

test: ## Format, lints, dependencies, licences, advisories, the Rust suite on both databases, documentation, one browser run
	@tools/test

test-world: ## The release binary, identity providers of others, and each fuzz target for ten seconds
	@tools/test-world

fuzz: ## Every fuzz target for ten minutes, or for `make fuzz SECONDS=60`
	@tools/fuzz $(SECONDS)

bench: ## The benchmarks
	@tools/bench
