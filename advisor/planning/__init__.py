"""Instruments put together to meet one need: what each can bring, and the mix of least burden. It knows the domain only."""
