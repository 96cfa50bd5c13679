"""Checklists of an Assessment in, the files out that STIG tools take: CKLB, CKL, XCCDF results, HDF, eMASS."""
